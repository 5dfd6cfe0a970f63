"""How the end of sessions is told to those who hold something open for them.

The accounts table's stream carries keys alone, no profile and no password's hash. So the end of a session leaves a mark
under a key of its own, in the same transaction: the stream's reader looks for that key, and asks the gate who lives.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.stores import keys


class EndedItem(Model):
    """ACCOUNT#id / ENDED. `times` makes each end a change: what stays the same is not in the stream."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.ENDED)
    times = NumberAttribute()


def note_end(write: TransactWrite, account_id: int) -> None:
    """Tells, with everything else that the transaction writes, that sessions of the account have ended."""
    write.update(EndedItem(keys.account(account_id), keys.ENDED), actions=[EndedItem.times.add(1)])
