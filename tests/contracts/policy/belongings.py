"""What a patient has: one of each thing that somebody could reach for."""

from dataclasses import dataclass

import boto3

from scanward import clock
from scanward.domain import clinical_notes, tasks
from scanward.domain.accounts import Role
from scanward.domain.clinical_notes import Findings, Surgery
from scanward.domain.object_keys import heatmap_key, preview_key
from scanward.domain.questions import Question
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.stores.clinical_notes import HISTORIES, RECORDS, history_store, note_entries, note_item, record_store
from scanward.stores.questions import QuestionStore, question_entries, question_item
from scanward.stores.scans import ScanStore
from tests.support.cloud import BUCKET, TABLES
from tests.support.people import Kind, People, Person, numbers
from tests.support.scans import Scans, save

CLINIC, SCANS = TABLES["CLINIC_TABLE"], TABLES["SCANS_TABLE"]
NOBODY = 9 * 10**14  # an id that is nothing's
COLLEAGUE = NOBODY + 1  # a doctor who is nobody to the caller
SAID = {"pathologies": [], "confidence": 0.1, "findings": [], "model": None}


@dataclass(frozen=True)
class Target:
    """Whose things, and the ids of those that requests may share. What a request uses up is made for each."""

    patient: int
    caller: int
    scan: int
    task: int
    desk: int
    ward: int

    def new_scan(self) -> Scan:
        return self._scan()[0]

    def new_task(self) -> int:
        """Of an analysis that waits."""
        return self._scan()[1].id

    def new_record(self) -> int:
        return add_record(self.patient, ())

    def new_history(self) -> int:
        history_store(CLINIC)
        writing = clinical_notes.write_note(
            id=next(numbers), patient_id=self.patient, author_id=COLLEAGUE, text=Surgery("x", "y"), now=clock.now()
        )
        save(note_item(HISTORIES, writing), *note_entries(HISTORIES, writing))
        return writing.id

    def new_question(self, doctor: int | None) -> int:
        """To a doctor, or to all."""
        question = Question(
            id=next(numbers),
            patient_id=self.patient,
            doctor_id=doctor,
            text="Why?",
            created_at=clock.now(),
            updated_at=clock.now(),
        )
        QuestionStore(CLINIC)
        save(question_item(question), *question_entries(question))
        return question.id

    def new_account(self) -> int:
        """Somebody else altogether, whom an administrator may do anything to."""
        return People().add(Kind(Role.LAB)).id

    def _scan(self) -> tuple[Scan, Task]:
        return Scans().add(self.patient, self.caller)


class Missing(Target):
    """The same of nobody: nothing that it names is there."""

    def new_scan(self) -> Scan:
        return Scan(
            id=NOBODY,
            patient_id=NOBODY,
            uploaded_by=NOBODY,
            task_id=NOBODY,
            object_key="",
            scan_type=None,
            status=tasks.TaskStatus.PENDING,
            created_at=clock.now(),
        )

    def new_task(self) -> int:
        return NOBODY

    def new_record(self) -> int:
        return NOBODY

    def new_history(self) -> int:
        return NOBODY

    def new_question(self, doctor: int | None) -> int:
        return NOBODY

    def new_account(self) -> int:
        return NOBODY


def missing(desk: int) -> Target:
    """Return what is not there; departments are no secret, so those that a path needs are."""
    return Missing(patient=NOBODY, caller=NOBODY, scan=NOBODY, task=NOBODY, desk=desk, ward=desk)


def belongings(patient: Person, caller: Person, desk: int, ward: int) -> Target:
    """Return a patient's things; from better days an image that the caller had analysed, and a record of their
    department.
    """
    add_record(patient.id, (desk,))
    store, s3 = ScanStore(SCANS), boto3.client("s3")
    scan, task = Scans().add(patient.id, caller.id)
    version = s3.put_object(Bucket=BUCKET, Key=scan.object_key, Body=b"an image")["VersionId"]
    held = store.write_transition(task, tasks.claim(task, "one", version, clock.now()))
    store.write_transition(held, tasks.complete(held, SAID, clock.now()))
    for key in (preview_key(scan.id), heatmap_key(scan.id, task.id)):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"a picture")
    return Target(patient=patient.id, caller=caller.id, scan=scan.id, task=task.id, desk=desk, ward=ward)


def add_record(patient_id: int, departments: tuple[int, ...]) -> int:
    """Write a record, as if while the patient was in these departments; its id."""
    record_store(CLINIC)
    writing = clinical_notes.write_note(
        id=next(numbers),
        patient_id=patient_id,
        author_id=COLLEAGUE,
        text=Findings("x", "y"),
        now=clock.now(),
        departments=departments,
    )
    save(note_item(RECORDS, writing), *note_entries(RECORDS, writing))
    return writing.id
