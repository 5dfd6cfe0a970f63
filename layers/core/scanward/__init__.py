"""What several slices of Scanward agree on: domain, stores, the HTTP edge and security."""

import gc

# A cold start makes thousands of objects that live as long as the process. At Python's own threshold of 700 the
# collector walks all of them again and again while it finds nothing: a quarter of what our own modules cost to import.
gc.set_threshold(10_000)
