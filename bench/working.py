"""The whole of what a worker does with an arrived image, DynamoDB and S3 answered from memory."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from bench.analysing import LIBRARIES, OURS, subjects
from bench.environment import MODELS, Answer, answer_from_memory
from bench.inputs import ACCOUNT_ID, SCAN_ID
from bench.report import Report, times
from bench.timing import Subject, in_turns
from functions.inference.analysis import AnalysisDeps, DurationTracker
from functions.inference.ingest import UploadedObject
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import Outcome, process
from imaging.model import load_model
from scanward import clock
from scanward.domain import tasks
from scanward.stores import keys
from scanward.stores.clients import s3
from scanward.stores.dynamo import connection
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import PseudonymKeyStore
from scanward.stores.tasks import DurationStore, task_item
from tests.support.cloud import BUCKET, TABLES

WHOLE = "the whole use-case"
TASK_ID = SCAN_ID + 1


def measure(images: Mapping[str, bytes], rounds: int = 12, calls: int = 1) -> Report:
    """Return one row for each image."""
    model = load_model(MODELS / "chest_xray", threads=1)
    table = TABLES["SCANS_TABLE"]
    pace = DurationTracker(DurationStore(table))
    models = ModelRegistry(MODELS, memory_mb=1769)
    inference = AnalysisDeps(
        scans=ScanStore(table),
        objects=ObjectStore(BUCKET),
        purger=Purger(BUCKET),
        models=models,
        pace=pace,
        pseudonyms=PseudonymKeyStore(table),
        now=clock.now,
    )
    rows = []
    for name, data in images.items():
        parts = subjects(data, model)
        parts_measured: dict[str, Subject] = {
            WHOLE: partial(_work, inference),
            OURS: parts[OURS],
            LIBRARIES: parts[LIBRARIES],
        }
        with ExitStack() as stack:
            stack.enter_context(answer_from_memory(connection().client, _dynamodb()))
            stack.enter_context(answer_from_memory(s3(), _storage(data)))
            measurement = in_turns(parts_measured, rounds, calls)
        ratios = times(measurement.ratio(WHOLE, OURS)), times(measurement.ratio(WHOLE, LIBRARIES))
        rows.append((name, f"{measurement.micros(WHOLE) / 1000:.1f}", *ratios, ""))
    columns = ("claim, fetch, analyse, draw, keep", "CPU ms", "× analysis", "× libraries + run", "")
    return Report(
        "Working on an arrived image", columns, rows, ["5 DynamoDB calls and 3 of S3 are part of it, of DICOM 6 and 4."]
    )


def _work(inference: AnalysisDeps) -> None:
    outcome = process(inference, UploadedObject(SCAN_ID, TASK_ID))
    if outcome is not Outcome.FINISHED:
        raise AssertionError(f"the image was not analysed: {outcome}")


def _dynamodb() -> Mapping[str, Answer]:
    """Return a task that waits, however often it is looked at, the key of copies, and the success of writes."""
    item = task_item(tasks.create(TASK_ID, SCAN_ID, ACCOUNT_ID, clock.now()))
    row = json.dumps({"Item": item.serialize()}).encode()
    place = keys.pseudonyms(ACCOUNT_ID)
    key = {"pk": {"S": place}, "sk": {"S": keys.PSEUDONYMS}, "secret": {"S": "0" * 64}}
    key_row = json.dumps({"Item": key}).encode()
    return {
        "GetItem": lambda request: key_row if place.encode() in request.body else row,
        "PutItem": lambda _: b"{}",
        "TransactWriteItems": lambda _: b"{}",
    }


def _storage(data: bytes) -> Mapping[str, Answer]:
    return {"GetObject": lambda _: data, "PutObject": lambda _: b""}
