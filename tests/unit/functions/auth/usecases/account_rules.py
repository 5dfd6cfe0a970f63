"""The rules of accounts and sessions, as small as they can be said: what should hold, whatever the system does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scanward.domain.accounts import Role

GRACE = 30  # seconds, in which the answer that rotated a refresh token may be asked for once more
PAST = timedelta(minutes=13)  # where time begins: PyJWT has a clock of its own, and access tokens last 15 minutes


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0) - PAST

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(eq=False)
class Person:
    """What the rules know of an account."""

    id: int
    email: str
    role: Role
    passwords: list[str]
    active: bool = True
    approved: bool = False

    @property
    def waits(self) -> bool:
        return self.role is not Role.PATIENT and not self.approved


@dataclass(eq=False)
class Opened:
    """What the rules know of a session. `chain`: its refresh tokens, each the successor of the one before."""

    owner: Person
    access: str
    chain: list[str]
    live: bool = True
    rotated: datetime | None = None
    copies: list[str] = field(default_factory=list)  # of the last in the chain, given once more

    def holds(self, place: int, now: datetime) -> bool:
        """Tell whether the refresh token at this place is good for anything: the last, or the one before for a
        while.
        """
        if place == len(self.chain) - 1:
            return True
        in_grace = self.rotated is not None and now - self.rotated <= timedelta(seconds=GRACE)
        return place == len(self.chain) - 2 and in_grace


class AccountRules:
    """Everybody, and every session that was ever opened."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.sessions: list[Opened] = []

    def live(self) -> list[Opened]:
        return [session for session in self.sessions if session.live]

    def inactive(self) -> list[Person]:
        return [who for who in self.people if not who.active]

    def of(self, who: Person) -> list[Opened]:
        return [session for session in self.sessions if session.owner is who]

    def end_all(self, who: Person) -> None:
        for session in self.of(who):
            session.live = False
