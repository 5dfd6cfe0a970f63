"""Realtime: who watches which task over a WebSocket, and what is pushed to them."""
