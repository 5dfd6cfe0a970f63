"""The time as DynamoDB has it: functions whose own clocks are off still agree on when a lease is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from scanward.stores.dynamo import listen

TOLERATED = timedelta(seconds=5)  # an answer's way, and the whole seconds that it is dated in


class StoreClock:
    """This machine's clock, put right by the date of DynamoDB's last answer when the two differ by more than that."""

    def __init__(self, own: Callable[[], datetime]) -> None:
        self._own = own
        self._ahead = timedelta()
        listen(self._hear)

    def now(self) -> datetime:
        """The time; before the first answer it is this machine's."""
        return self._own() - self._ahead

    def _hear(self, date: str) -> None:
        ahead = self._own() - parsedate_to_datetime(date)
        self._ahead = ahead if abs(ahead) > TOLERATED else timedelta()
