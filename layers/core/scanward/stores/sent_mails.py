"""How many mails an account was sent in the current hour, so that nobody can fill somebody's inbox.

One small item an account and hour, which expires by itself. It counts what was asked for, not tries: a mail that is
tried again counts once.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, translated

HOUR_SECONDS = 3600
KEPT_SECONDS = 2 * HOUR_SECONDS


class SentMailsItem(Model):
    """ACCOUNT#id / MAILS#hour. `asked`: the ids of the requests that led to a mail."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    asked = UnicodeSetAttribute()
    expires_at = NumberAttribute()


class SentMails:
    """Counts mails. `limit`: an hour and account."""

    def __init__(self, table: str, limit: int) -> None:
        bind(SentMailsItem, table)
        self._limit = limit

    def allow(self, account_id: int, request: str, now: int) -> bool:
        """Whether one more mail may go out for this request, which is counted by that; one round trip."""
        item = SentMailsItem(keys.account(account_id), keys.mails(now // HOUR_SECONDS))
        path = Path("asked")
        few = size(path) < self._limit  # type: ignore[no-untyped-call]
        room = path.does_not_exist() | few | path.contains(request)
        actions: list[Action] = [
            SentMailsItem.asked.add({request}),
            SentMailsItem.expires_at.set(now + KEPT_SECONDS),
        ]
        try:
            with translated():
                item.update(actions, condition=room)
        except ConditionFailed:
            return False
        return True
