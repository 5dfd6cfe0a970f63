"""Wires what is done with people's own data in the background, and exports it to Lambda; a queue starts it."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records.settings import PersonalDataSettings
from functions.records.usecases.departments import empty_department
from functions.records.usecases.export_archive import write_archive
from functions.records.usecases.notifications import notify_of_refusal
from functions.records.usecases.personal_data import PersonalDataDeps, erase_account, finish_removal, settle_questions
from scanward.clock import now
from scanward.logs import log_failures
from scanward.settings import load_settings
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.care import CareLinkStore, CareStore
from scanward.stores.departments import DepartmentStore, MembershipStore
from scanward.stores.notifications import NotificationStore
from scanward.stores.patients import ChartStore
from scanward.stores.personal_data import ClinicalTexts, Eraser, ExportStore
from scanward.stores.questions import QuestionStore
from scanward.stores.queues import PersonalDataQueue, PersonalDataRequest, RequestKind, parse_request
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.sessions import SessionStore

settings = load_settings(PersonalDataSettings)
log = Logger(service="own-data")
deps = PersonalDataDeps(
    accounts=AccountStore(settings.accounts_table),
    sessions=SessionStore(settings.accounts_table),
    scans=ScanStore(settings.scans_table),
    lists=ScanListStore(settings.scans_table),
    links=CareLinkStore(settings.clinic_table),
    care=CareStore(settings.clinic_table),
    departments=DepartmentStore(settings.clinic_table),
    members=MembershipStore(settings.clinic_table, settings.accounts_table),
    charts=ChartStore(settings.clinic_table),
    texts=ClinicalTexts(settings.clinic_table),
    questions=QuestionStore(settings.clinic_table),
    notifications=NotificationStore(settings.scans_table),
    access_log=AccessLog(settings.clinic_table),
    exports=ExportStore(settings.clinic_table),
    objects=ObjectStore(settings.bucket),
    archives=Archives(settings.bucket),
    eraser=Eraser(settings.accounts_table, settings.scans_table, settings.clinic_table),
    purger=Purger(settings.bucket),
    queue=PersonalDataQueue(settings.own_data_queue_url),
    now=now,
)
CARRY_OUT: Mapping[RequestKind, Callable[[PersonalDataDeps, int], str]] = {
    RequestKind.EXPORT: write_archive,
    RequestKind.ERASURE: erase_account,
    RequestKind.QUESTIONS: settle_questions,
    RequestKind.DEPARTMENT: empty_department,
    RequestKind.SCAN: finish_removal,
}
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_message(record: SQSRecord) -> None:
    """Carry out one request; a message that is none of ours is only told of."""
    request = parse_request(record.body)
    outcome = "not a wish" if request is None else _carry_out(request)
    log.info("own data", extra={"wish": request.kind.value if request else None, "outcome": outcome})


def _carry_out(request: PersonalDataRequest) -> str:
    if request.kind is RequestKind.REFUSAL:
        return notify_of_refusal(deps, request.subject_id, request.before)
    return CARRY_OUT[request.kind](deps, request.subject_id)


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Return one batch of wishes."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
