"""What an account is known by, and brought back by: unique names, and tokens of undoing."""
