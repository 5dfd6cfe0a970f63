"""How much of a fault case runs: enough to catch its mutant with every other test, all of it by `make faults`."""

import os


def sized(full: int, scaled: int) -> int:
    """Return how often something is tried."""
    return full if os.environ.get("SCANWARD_FAULTS") == "full" else scaled
