"""Erasing a person: nothing of them stays but the access log. Every step may be done again after half of it.

The account is locked first and forgotten last, so that what died half-way is begun anew. Who cares for a person is
parted with next, so that nobody who comes now writes anything more. What was let in before is found ten minutes later,
when it is all done again: nothing that we run takes as long. Sockets end with the sessions that the lock ends.
"""

from datetime import timedelta

from functions.records.usecases.personal_data import PersonalDataDeps
from scanward.domain.object_keys import account_prefixes, derived_prefix
from scanward.domain.scans import Scan
from scanward.stores.accounts import LastAdministrator
from scanward.stores.queues import RequestKind

REPEAT_AFTER = timedelta(minutes=10)


def erase_account(deps: PersonalDataDeps, account_id: int) -> str:
    """Erase all that is kept of an account, there or removed already. What was done, in words for a log."""
    try:
        deps.accounts.lock(account_id, deps.now())
    except LastAdministrator:
        return "kept: the last administrator stays"
    deps.eraser.care(account_id)
    _leave_departments(deps, account_id)
    _erase_scans(deps, account_id)
    deps.texts.delete_all(account_id)
    deps.eraser.clinic(account_id)
    for prefix in account_prefixes(account_id):
        deps.purger.purge(prefix)
    if deps.eraser.knows(account_id):  # only then, or it would be asked for again for ever
        deps.queue.enqueue(RequestKind.ERASURE, account_id, REPEAT_AFTER)
    deps.accounts.remove(account_id)
    deps.eraser.account(account_id)
    return "erased"


def _leave_departments(deps: PersonalDataDeps, account_id: int) -> None:
    for member in deps.members.of_patient(account_id):
        deps.members.discharge(member)
    for department_id in deps.members.departments([account_id]).get(account_id, ()):
        deps.members.dismiss(department_id, account_id)


def _erase_scans(deps: PersonalDataDeps, account_id: int) -> None:
    """Erase an account's scans until no more come: an upload that was let in before may end meanwhile."""
    seen_ids = set[int]()
    while ids := set(deps.eraser.scan_ids(account_id)) - seen_ids:
        for number in sorted(ids):
            scan = deps.scans.get(number)
            if scan:
                _erase_scan(deps, scan)
        seen_ids |= ids
    deps.eraser.scans(account_id)


def _erase_scan(deps: PersonalDataDeps, scan: Scan) -> None:
    """Erase a scan, its tasks first, so that none that is at work can show its result; the place in the list last.

    A worker that is at it finds that the scan is being removed, and takes its files away again.
    """
    deps.scans.begin_removal(scan.id)
    for number in deps.eraser.task_ids(scan.id):
        task = deps.scans.task(number)
        if task:
            deps.lists.remove_tasks([task])
        deps.eraser.task(number)
    deps.purger.purge(derived_prefix(scan.id))
    deps.purger.purge_image(scan.object_key, scan.object_version)
    deps.lists.remove_scan(scan, deps.now())
