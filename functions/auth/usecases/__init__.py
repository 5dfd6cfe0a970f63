"""What people do with accounts: over stores, without HTTP."""
