"""Bodies and answers of the account routes, one module for each way of saying it."""
