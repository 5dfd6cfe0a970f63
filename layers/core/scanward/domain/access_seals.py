"""Seals over an access log: which entries came when, chained by hash, so that a gap shows. Nothing here reads or
writes.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

NO_SEAL = ""
"""What the first seal of a log follows."""
SEALING_TIME = timedelta(minutes=15)
"""By then an entry is sealed, and its own time is no further from that of its writing; clocks and streams are late."""
CHUNK = 20_000  # entries compared at a time
_PLACE = re.compile(r"([0-9]{13})#[0-9a-f]{12}")

Image = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SealedRow:
    """An entry as DynamoDB wrote it: its sort key, the Unix second, the hash of all that it said."""

    place: str
    written_at: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The `number`-th of a log, over entries that came since the one whose hash is `previous`."""

    owner_id: int
    number: int
    at_ms: int
    previous: str
    rows: tuple[SealedRow, ...]
    hash: str

    def content_hash(self) -> str:
        """Return the hash that this seal must have."""
        rows = [[row.place, row.written_at, row.digest] for row in self.rows]
        return _hash([self.owner_id, self.number, self.at_ms, self.previous, rows])


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of a log, as whoever checks it keeps it elsewhere."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What is wrong with a log, and where: an entry's sort key or a seal's number."""

    place: str
    what: str


def hash_reason(salt: str, reason: str) -> str:
    """Return what stays of a reason after an erasure; without its salt nobody finds out what it was."""
    return sha256(f"{salt}{reason}".encode()).hexdigest()


def digest_of(image: Image) -> str:
    """Return the hash of an entry's item in DynamoDB's own spelling, whatever attributes it has.

    A reason stands in it by its own hash, so that an erasure may take the words away; other words show as a change.
    """
    return _hash({name: image[name] for name in sorted(image) if name not in _erasable_names(image)})[:32]


def _erasable_names(image: Image) -> frozenset[str]:
    """Return the attributes that an erasure takes away; none where they do not fit the hash that stays."""
    reason, salt = (image.get(name, {}).get("S", "") for name in ("reason", "reason_salt"))
    if reason and hash_reason(salt, reason) != image.get("reason_hash", {}).get("S"):
        return frozenset()
    return frozenset({"reason", "reason_salt"})


def make_seal(last: Seal | None, owner_id: int, rows: Iterable[SealedRow], at_ms: int) -> Seal | None:
    """Return the next seal of a log over what its last one does not hold; None when that holds all of it."""
    last_rows = set(last.rows) if last else set()
    number, previous = (last.number + 1, last.hash) if last else (1, NO_SEAL)
    fresh = tuple(row for row in rows if row not in last_rows)
    if not fresh:
        return None
    draft = Seal(owner_id, number, at_ms, previous=previous, rows=fresh, hash="")
    return Seal(owner_id, number, at_ms, previous=previous, rows=fresh, hash=draft.content_hash())


def check_chain(owner_id: int, seals: Iterable[Seal], earlier: Head | None = None) -> Iterator[Gap]:
    """Yield what is wrong with the seals themselves, given in the order of their numbers.

    `earlier`: the last one when they were checked before.
    """
    number, previous = 0, NO_SEAL
    for seal in seals:
        if seal.number > number + 1:
            yield Gap(f"seal {number + 1}", f"missing seals: {number + 1} to {seal.number - 1}")
        elif seal.previous != previous:
            yield Gap(f"seal {seal.number}", "broken seal: it does not follow the one before it")
        if seal.owner_id != owner_id or seal.hash != seal.content_hash():
            yield Gap(f"seal {seal.number}", "broken seal: its content was changed")
        if earlier and seal.number == earlier.number and seal.hash != earlier.hash:
            yield Gap(f"seal {seal.number}", "broken seal: it is another than when this log was checked before")
        number, previous = seal.number, seal.hash
    if earlier and number < earlier.number:
        yield Gap(f"seal {number + 1}", f"missing seals: there were {earlier.number} when this log was checked before")


def check_entries(
    images: Iterator[Image],
    read_seals: Callable[[], Iterable[Seal]],
    now: datetime,
    began: datetime,
    *,
    size: int = CHUNK,
) -> Iterator[Gap]:
    """Yield what is wrong with the entries of a log, given in the order of their sort keys.

    The seals are read once for each `size` entries, so that no more than those lie in memory. `began`: when the first
    log of all was sealed; entries from before it need no seal.
    """
    after = ""
    while True:
        entries = {image["sk"]["S"]: digest_of(image) for image in islice(images, size)}
        to = max(entries) if len(entries) == size else None
        rows: dict[str, SealedRow] = {}
        for row in _rows_between(read_seals(), after, to):
            if rows.setdefault(row.place, row).digest != row.digest:
                yield Gap(row.place, "changed entry: it was sealed with other content before")
        for place in sorted(entries.keys() | rows.keys()):
            if place in rows:
                yield from _compare(rows[place], entries.get(place))
            elif _must_be_sealed(place, began - SEALING_TIME, now - SEALING_TIME):
                yield Gap(place, "extra entry: it was never sealed")
        if to is None:
            return
        after = to


def _rows_between(seals: Iterable[Seal], after: str, to: str | None) -> Iterator[SealedRow]:
    for seal in seals:
        yield from (row for row in seal.rows if after < row.place and (to is None or row.place <= to))


def _compare(row: SealedRow, digest: str | None) -> Iterator[Gap]:
    if digest is None:
        yield Gap(row.place, "missing entry")
    elif digest != row.digest:
        yield Gap(row.place, "changed entry")
    elif abs((_seconds(row.place) or 0) - row.written_at) > SEALING_TIME.total_seconds():
        yield Gap(row.place, "extra entry: it was written at another time than it says")


def _must_be_sealed(place: str, since: datetime, until: datetime) -> bool:
    seconds = _seconds(place)
    return seconds is None or since.timestamp() <= seconds <= until.timestamp()


def _seconds(place: str) -> float | None:
    """Return the Unix time in a sort key; None of one that no writer makes."""
    match = _PLACE.fullmatch(place)
    return int(match[1]) / 1000 if match else None


def _hash(content: Sequence[Any] | Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
