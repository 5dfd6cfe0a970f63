"""Brings the system up on this machine and looks after it: `python -m infra.local`."""
