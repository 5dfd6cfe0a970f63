"""A person of whom something lies everywhere, and the queue that carries out what they wish."""

import io
import json
from dataclasses import replace
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import boto3

from scanward import clock
from scanward.domain import clinical_notes, questions, tasks
from scanward.domain.clinical_notes import Findings, Surgery
from scanward.domain.departments import Department, Membership
from scanward.domain.object_keys import derived_prefix, heatmap_key, preview_key
from scanward.domain.orders import Order
from scanward.domain.scans import Scan, UploadDescription
from scanward.stores.clinical_notes import history_store, record_store
from scanward.stores.departments import DepartmentStore, MembershipStore
from scanward.stores.questions import QuestionStore
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import PseudonymKeyStore
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, TABLES
from tests.support.people import own_id

WORD = "Zwetschgenkuchen"
CLINIC = TABLES["CLINIC_TABLE"]


def deliver() -> list[Any]:
    """Hand every waiting wish to the function, as its queue does; what it answered."""
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName="own-data")["QueueUrl"]
    answers = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1).get("Messages"):
        answers.append(carry_out(messages[0]["Body"]))
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]["ReceiptHandle"])
    return answers


def carry_out(body: str) -> Any:
    """Return one wish."""
    record = {"messageId": "one", "body": body, "eventSource": "aws:sqs", "attributes": {}}
    return import_module("functions.records.personal_data_handler").app({"Records": [record]}, None)


def fetch_export(client: ApiClient) -> ZipFile:
    """Return the archive that the link of an export gives."""
    url = urlsplit(client.get("/users/me/export").data["url"])
    key = url.path.lstrip("/").removeprefix(f"{BUCKET}/")
    return ZipFile(io.BytesIO(boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def add_scan(patient_id: int, asked_by: int, word: str = WORD) -> Scan:
    """Return a scan with two tasks, its image and what was derived from it, all of them saying a word."""
    now = clock.now()
    scan_id, first = clock.fresh_id(now), clock.fresh_id(now)
    task = tasks.create(
        id=first,
        scan_id=scan_id,
        patient_id=patient_id,
        now=now,
        order=Order(additional_notes=word),
        requested_by=asked_by,
    )
    scan = Scan(
        id=scan_id,
        patient_id=patient_id,
        uploaded_by=asked_by,
        task_id=first,
        object_key=task.object_key,
        scan_type=None,
        status=task.status,
        created_at=now,
        description=UploadDescription(word),
    )
    scans = ScanStore(TABLES["SCANS_TABLE"])
    scans.add(scan, task)
    again = replace(tasks.create(first ^ 1, scan_id, patient_id, now, object_key=task.object_key), is_first=False)
    scans.add_analysis(again)
    for key in (scan.object_key, preview_key(scan_id), heatmap_key(scan_id, first), derived_prefix(scan_id) + "more"):
        for _ in range(2):  # the bucket keeps what is replaced
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=word.encode())
    return scan


def live_a_life(patient: ApiClient, doctor: ApiClient) -> Scan:
    """Leave something of the patient wherever something can lie; the patient has let the doctor in."""
    me, them, now = own_id(patient), own_id(doctor), clock.now()
    PseudonymKeyStore(TABLES["SCANS_TABLE"]).read_or_make(me)
    doctor.put(f"/patients/{me}", {"name": WORD, "diagnosis": WORD})
    doctor.put(f"/patients/{me}", {"diagnosis": f"{WORD}, amended"})
    records, histories, asked = record_store(CLINIC), history_store(CLINIC), QuestionStore(CLINIC)
    record = clinical_notes.write_note(
        id=clock.fresh_id(now), patient_id=me, author_id=them, text=Findings(WORD, WORD), now=now, departments=()
    )
    records.add(record)
    records.amend(
        record, clinical_notes.amend_note(note=record, version=1, text=Findings(WORD, "amended"), by=them, now=now)
    )
    histories.add(
        clinical_notes.write_note(
            id=clock.fresh_id(now), patient_id=me, author_id=them, text=Surgery(WORD, WORD), now=now
        )
    )
    waits = questions.Question(
        id=clock.fresh_id(now), patient_id=me, doctor_id=None, text=WORD, created_at=now, updated_at=now
    )
    put_to = questions.Question(
        id=clock.fresh_id(now), patient_id=me, doctor_id=them, text=WORD, created_at=now, updated_at=now
    )
    for question in (waits, put_to):
        asked.add(question)
    asked.answer(put_to, questions.answer(put_to, questions.Response(clock.fresh_id(now), them, WORD, now)))
    number_of = clock.fresh_id(now)
    department = Department(number_of, f"Surgery {number_of}", now)
    DepartmentStore(CLINIC).add(department)
    members = MembershipStore(CLINIC, TABLES["ACCOUNTS_TABLE"])
    members.assign(department.id, them, None)
    members.admit(Membership(me, department.id, now), None)
    for key in (
        f"profiles/{me}/face.png",
        f"uploads/high/incoming/{me}/film.png",
        f"aside/low/incoming/{me}/letter.pdf",
        f"exports/{me}/1.zip",
    ):
        boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=WORD.encode())
    body = json.dumps({"full_name": WORD}).encode()
    assert patient.send("PATCH", "/api/profile", body, "application/json").status == 200
    return add_scan(me, me)


def traces(*words: str) -> list[tuple[str, str]]:
    """Return where one of the words lies, in any table but the access log, or in any version of any object."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    found = []
    for table in TABLES.values():
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            items = [item for item in page["Items"] if not item["pk"]["S"].startswith("ACCESS#")]
            found += [(table, item["pk"]["S"]) for item in items if any(word in str(item) for word in words)]
    for versions in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for item in versions.get("Versions", []):
            body = s3.get_object(Bucket=BUCKET, Key=item["Key"], VersionId=item["VersionId"])["Body"].read().decode()
            found += [("bucket", item["Key"])] if any(word in f"{item['Key']} {body}" for word in words) else []
    return found
