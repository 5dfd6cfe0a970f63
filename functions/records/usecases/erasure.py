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


def erase_account(own: PersonalDataDeps, account_id: int) -> str:
    """Erases all that is kept of an account, there or removed already. What was done, in words for a log."""
    try:
        own.accounts.lock(account_id, own.now())
    except LastAdministrator:
        return "kept: the last administrator stays"
    own.eraser.care(account_id)
    _leave_departments(own, account_id)
    _erase_scans(own, account_id)
    own.texts.delete_all(account_id)
    own.eraser.clinic(account_id)
    for prefix in account_prefixes(account_id):
        own.purger.purge(prefix)
    if own.eraser.knows(account_id):  # only then, or it would be asked for again for ever
        own.queue.enqueue(RequestKind.ERASURE, account_id, REPEAT_AFTER)
    own.accounts.remove(account_id)
    own.eraser.account(account_id)
    return "erased"


def _leave_departments(own: PersonalDataDeps, account_id: int) -> None:
    for member in own.members.of_patient(account_id):
        own.members.discharge(member)
    for department_id in own.members.departments([account_id]).get(account_id, ()):
        own.members.dismiss(department_id, account_id)


def _erase_scans(own: PersonalDataDeps, account_id: int) -> None:
    """Until no more come: an upload that was let in before may end meanwhile."""
    seen = set[int]()
    while found := set(own.eraser.scan_ids(account_id)) - seen:
        for number in sorted(found):
            scan = own.scans.get(number)
            if scan:
                _erase_scan(own, scan)
        seen |= found
    own.eraser.scans(account_id)


def _erase_scan(own: PersonalDataDeps, scan: Scan) -> None:
    """The tasks first, so that none that is at work can show its result; the place in the list last.

    A worker that is at it finds that the scan is being removed, and takes its files away again.
    """
    own.scans.begin_removal(scan.id)
    for number in own.eraser.task_ids(scan.id):
        task = own.scans.task(number)
        if task:
            own.lists.remove_tasks([task])
        own.eraser.task(number)
    own.purger.purge(derived_prefix(scan.id))
    own.purger.purge_image(scan.object_key, scan.object_version)
    own.lists.remove_scan(scan, own.now())
