"""What people do with scans, tasks and files: over stores, without HTTP."""
