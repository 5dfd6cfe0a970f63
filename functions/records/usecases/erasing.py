"""Erasing a person: nothing of them stays but the access log. Every step may be done again after half of it.

The account is locked first and forgotten last, so that what died half-way is begun anew.
"""

from functions.records.usecases.own_data import OwnData
from scanward.domain.places import aside_key, derived_prefix, parse_upload_key, prefixes_of
from scanward.domain.scans import Scan
from scanward.stores.accounts import LastAdministrator


def erase(own: OwnData, account_id: int) -> str:
    """Erases all that is kept of an account, there or removed already. What was done, in words for a log."""
    try:
        own.accounts.lock(account_id, own.now())
    except LastAdministrator:
        return "kept: the last administrator stays"
    for slot in own.connections.slots(account_id):
        own.connections.close(slot.connection_id)
    _erase_scans(own, account_id)
    _leave_departments(own, account_id)
    own.eraser.care(account_id)
    own.texts.forget(account_id)
    own.eraser.clinic(account_id)
    for prefix in prefixes_of(account_id):
        own.purger.purge(prefix)
    own.accounts.remove(account_id)
    own.eraser.account(account_id)
    return "erased"


def _leave_departments(own: OwnData, account_id: int) -> None:
    for member in own.members.of_patient(account_id):
        own.members.discharge(member)
    for department_id in own.members.departments([account_id]).get(account_id, ()):
        own.members.dismiss(department_id, account_id)


def _erase_scans(own: OwnData, account_id: int) -> None:
    for number in own.eraser.scan_ids(account_id):
        scan = own.scans.get(number)
        if scan:
            _erase_scan(own, scan)
    own.eraser.scans(account_id)


def _erase_scan(own: OwnData, scan: Scan) -> None:
    """The tasks first, so that none that is at work can show its result; the place in the list last."""
    for number in own.eraser.task_ids(scan.id):
        task = own.scans.task(number)
        if task:
            own.lists.remove_tasks([task])
        own.eraser.task(number)
    own.purger.purge(derived_prefix(scan.id))
    if parse_upload_key(scan.object_key):
        own.purger.purge(scan.object_key.rpartition("/")[0] + "/")
    own.purger.purge_one(scan.object_key)
    own.purger.purge_one(aside_key(scan.object_key))
    own.lists.remove_scan(scan, own.now())
