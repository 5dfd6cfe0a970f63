"""What patients are told of who may see their data: reading it, and telling all patients of who was refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.personal_data import PersonalDataDeps
from scanward.domain.accounts import Account, Actor
from scanward.domain.care import AccessChange, AccessNotification
from scanward.domain.pagination import PageRange, PageRequest
from scanward.stores.queues import RequestKind


@dataclass(frozen=True, slots=True)
class NamedNotification:
    """A notice, and the professional's account unless it is gone."""

    notice: AccessNotification
    professional: Account | None


def list_own_notifications(
    deps: RecordDeps, actor: Actor, request: PageRequest
) -> tuple[Sequence[NamedNotification], str | None]:
    """Return part of what the caller was told of changes in who may see their data, the newest first."""
    scope = f"notifications:{actor.account_id}"
    page = deps.notifications.page(actor.account_id, deps.tokens.page_range(request, scope))
    ids = list(dict.fromkeys(notice.professional_id for notice in page.items))
    accounts = {account.id: account for account in deps.accounts.get_many(ids)}
    notices = [NamedNotification(notice, accounts.get(notice.professional_id)) for notice in page.items]
    return notices, deps.tokens.next_cursor(page.last, scope)


PATIENTS_AT_ONCE = 500
NEXT_AFTER = timedelta(seconds=10)  # sockets are told by the stream that tells of tasks: those do not wait behind many


def notify_of_refusal(deps: PersonalDataDeps, account_id: int, before: int | None) -> str:
    """Tell the patients of a professional who was refused that they are seen no longer; what was done, for a log.

    Where the professional is approved again, those who were told of it are told that they are seen again. Of so many
    patients a message; the next one goes on behind them. Whatever is done again writes the same notices.
    """
    credentials = deps.accounts.get(account_id)
    account = credentials.account if credentials else None
    if account is None or not (account.is_refused or account.is_approved_again):
        return "nobody was refused"
    departments = deps.members.departments([account_id]).get(account_id, frozenset())
    now = deps.now()
    page = deps.members.patients_of(account_id, departments, now, PageRange(0, PATIENTS_AT_ONCE, before))
    # What opened a patient's data is what would open them now, were it not for the refusal.
    actor = Actor(account_id, account.role, is_approved=True, session_id="", departments=departments)
    grants = deps.care.grants(actor, dict.fromkeys(patient.patient_id for patient in page.items), now)
    deps.notifications.put_all(_notices(deps, account, grants))
    if page.last is not None:
        deps.queue.enqueue(RequestKind.REFUSAL, account_id, NEXT_AFTER, before=page.last)
    return "patients told"


def _notices(deps: PersonalDataDeps, account: Account, patient_ids: Iterable[int]) -> list[AccessNotification]:
    """Return what patients are told of a refusal, or, those of them who were told of it, of its end."""

    def notices_at(at: datetime | None, change: AccessChange, ids: Iterable[int]) -> list[AccessNotification]:
        return [AccessNotification(patient_id, change, account.id, at) for patient_id in ids] if at else []

    if account.is_refused:
        return notices_at(account.refused_since, AccessChange.ACCESS_ENDED, patient_ids)
    approval = account.decision
    if approval is None:
        return []
    account_ids = deps.notifications.find_notified(
        notices_at(approval.refused_since, AccessChange.ACCESS_ENDED, patient_ids)
    )
    return notices_at(approval.since, AccessChange.ACCESS_RESTORED, account_ids)
