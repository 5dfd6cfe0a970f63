"""The HTTP edge: typed routes on Chalice, two families of answers, and the OpenAPI document."""
