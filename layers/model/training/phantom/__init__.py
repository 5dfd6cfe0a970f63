"""Phantoms: images drawn by rules, with the truth about what is in them."""
