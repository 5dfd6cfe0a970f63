"""One identity, two spellings: a 53-bit time-ordered integer and a UUID (RFC 9562, version 8) of it.

The integer is 41 bits of milliseconds since 2025-01-01 followed by 12 random bits; stores check collisions when
they write. It is safe in JavaScript. The UUID carries the same 53 bits, so either leads to the other.
"""

from datetime import datetime
from uuid import UUID

from scanward.errors import NotFound

EPOCH_MS = 1_735_689_600_000
RANDOM_BITS = 12
MAX_ID = (1 << 53) - 1
_RANDOM = (1 << RANDOM_BITS) - 1
_TAIL = int.from_bytes(b"scanward", "big") & ((1 << 62) - 1)
_LOW_BITS = 5  # of the id, behind the version nibble; the 48 above them lead the UUID, so that both sort alike
_LOW = (1 << _LOW_BITS) - 1


def new_id(now_ms: int, random_bits: int) -> int:
    """Return an id made at `now_ms` (Unix milliseconds) from 12 random bits."""
    stamp = now_ms - EPOCH_MS
    if stamp < 0 or stamp >> (53 - RANDOM_BITS):
        raise ValueError("the clock is outside the years that ids can spell")
    return stamp << RANDOM_BITS | random_bits & _RANDOM


def first_id(when: datetime) -> int:
    """Return the smallest id that is made at `when`; before the first year of ids, the smallest of all."""
    return max(0, round(when.timestamp() * 1000) - EPOCH_MS) << RANDOM_BITS


def to_uuid(number: int) -> UUID:
    """Return the UUID spelling of an id."""
    high, low = number >> _LOW_BITS, number & _LOW
    return UUID(int=high << 80 | 0x8 << 76 | low << 71 | 0b10 << 62 | _TAIL)


def parse_id(text: str) -> int:
    """Return the id that either spelling means. Raises NotFound for anything else: such an object cannot exist."""
    if text.isascii() and text.isdigit() and len(text) <= 16:
        number = int(text)
        if number <= MAX_ID:
            return number
        raise NotFound
    try:
        value = UUID(text).int if len(text) == 36 else -1
    except ValueError:
        value = -1
    number = (value >> 80) << _LOW_BITS | value >> 71 & _LOW
    if value < 0 or to_uuid(number).int != value:
        raise NotFound
    return number
