"""The portal: what needs no account — health, the API document and its pages, and the answer for unknown paths."""
