"""What people do with clinic data."""
