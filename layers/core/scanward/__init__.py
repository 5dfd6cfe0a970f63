"""What several slices of Scanward agree on: domain, stores, the HTTP edge and security."""
