"""What sockets are for: opening, listening, keeping alive, ending; without a WebSocket in sight."""
