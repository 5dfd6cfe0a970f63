"""Bodies, queries and answers of the records routes."""
