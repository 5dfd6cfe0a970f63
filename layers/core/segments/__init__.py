"""The structure of JPEG and PNG files, read without decoding them. Stand-alone: it imports nothing of the service."""
