"""Passwords, tokens and the request gate."""
