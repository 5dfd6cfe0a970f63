"""The story `make run` plays: one image from upload to result, over HTTP and WebSocket alone, as any client would."""
