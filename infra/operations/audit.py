"""Whether the access logs of a stack are whole: each entry compared with the seals over it, each seal with the next."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from infra.errors import UserError
from scanward.domain.access_seals import Gap, Head, Seal, check_chain, check_entries
from scanward.domain.pagination import PageRange
from scanward.stores.access_log import SealStore
from scanward.stores.accounts import AccountStore
from scanward.stores.identity.account_lists import AccountFilters, AccountListStore

PAGE = 100
PROGRESS = 1000  # logs

Heads = dict[int, Head]


@dataclass(frozen=True, slots=True)
class LogReport:
    """What one log is like. `head`: its last seal, if any."""

    owner_id: int
    gaps: list[Gap]
    head: Head | None


class Audit:
    """Checks all logs of a stack, one after the other. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, clinic_table: str, accounts_table: str, now: datetime) -> None:
        self._seals = SealStore(clinic_table)
        self._lists = AccountListStore(accounts_table, AccountStore(accounts_table))
        self._now = now

    def reports(self, earlier: Mapping[int, Head]) -> Iterator[LogReport]:
        """Yield a report of each log: those with seals, those with seals before, and those of all other accounts."""
        began = min((since for _, since in self._seals.chains()), default=self._now)
        for owner_id in self._owners(earlier):
            yield self._check(owner_id, began, earlier.get(owner_id))

    def _owners(self, earlier: Mapping[int, Head]) -> Iterator[int]:
        owners = set[int]()
        for source in ((owner_id for owner_id, _ in self._seals.chains()), iter(earlier), self._accounts()):
            for owner_id in source:
                if owner_id not in owners:
                    owners.add(owner_id)
                    yield owner_id

    def _accounts(self) -> Iterator[int]:
        before = None
        while True:
            page = self._lists.page(AccountFilters(), PageRange(0, PAGE, before))
            yield from (account.id for account in page.items)
            before = page.last
            if before is None:
                return

    def _check(self, owner_id: int, began: datetime, earlier: Head | None) -> LogReport:
        last: Seal | None = None

        def seals() -> Iterator[Seal]:
            nonlocal last
            for seal in self._seals.seals(owner_id):
                last = seal
                yield seal

        gaps = list(check_chain(owner_id, seals(), earlier))
        images = self._seals.images(owner_id)
        gaps += check_entries(images, lambda: self._seals.seals(owner_id), self._now, began)
        return LogReport(owner_id, gaps, Head(last.number, last.hash) if last else None)


def verify(audit: Audit, heads_file: Path | None) -> bool:
    """Print each gap and what is whole; True when there is no gap.

    `heads_file`: where the last seals are kept from one time to the next, away from the stack: whoever could remove the
    newest entries with their seals cannot reach it. Raises UserError for one that cannot be read.
    """
    earlier = _read_heads(heads_file)
    heads, chains, faulty, gaps = dict(earlier), 0, 0, 0
    for count, report in enumerate(audit.reports(earlier), start=1):
        for gap in report.gaps:
            print(f"{report.owner_id}  {gap.place}  {gap.what}")
        gaps, faulty, chains = gaps + len(report.gaps), faulty + bool(report.gaps), chains + bool(report.head)
        if report.head and not report.gaps:
            heads[report.owner_id] = report.head
        if count % PROGRESS == 0:
            print(f"{count} logs checked", file=sys.stderr)
    if heads_file:
        heads_file.write_text(json.dumps({owner_id: asdict(head) for owner_id, head in heads.items()}))
    print(f"Access logs with seals: {chains}. Gaps: {gaps}, in {faulty} logs.")
    return not gaps


def _read_heads(file: Path | None) -> Heads:
    if file is None or not file.exists():
        return {}
    try:
        content = json.loads(file.read_text())
        return {int(owner_id): Head(**head) for owner_id, head in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{file} holds no last seals.", "Name the file of the check before, or a new one") from error
