"""The demo that `make run` plays: one image from upload to result, over HTTP and WebSocket alone."""
