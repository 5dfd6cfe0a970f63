"""Scans: uploads, their tasks and files, and the sweeper that lets none of them hang."""
