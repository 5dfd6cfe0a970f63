"""Wires the packing and erasing of people's own data and exports it to Lambda; a queue starts it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records.settings import OwnDataSettings
from functions.records.usecases.erasing import erase
from functions.records.usecases.own_data import OwnData
from functions.records.usecases.packing import pack
from scanward.clock import now
from scanward.failures import logged
from scanward.settings import Environment
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.care_links import CareLinks
from scanward.stores.department_members import DepartmentMembers
from scanward.stores.erasing import Eraser
from scanward.stores.exports import ExportStore
from scanward.stores.gate import GateStore
from scanward.stores.objects import ObjectStore
from scanward.stores.own_data_queue import OwnDataQueue, Wish, asked_for
from scanward.stores.own_texts import OwnTexts
from scanward.stores.purging import Purger
from scanward.stores.scan_lists import ScanLists
from scanward.stores.scans import ScanStore
from scanward.stores.sheets import SheetStore

settings = OwnDataSettings.read(Environment())
log = Logger(service="own-data")
own = OwnData(
    accounts=AccountStore(settings.accounts_table),
    gate=GateStore(settings.accounts_table),
    scans=ScanStore(settings.scans_table),
    lists=ScanLists(settings.scans_table),
    links=CareLinks(settings.clinic_table),
    members=DepartmentMembers(settings.clinic_table, settings.accounts_table),
    sheets=SheetStore(settings.clinic_table),
    texts=OwnTexts(settings.clinic_table),
    log=AccessLog(settings.clinic_table),
    exports=ExportStore(settings.clinic_table),
    objects=ObjectStore(settings.bucket),
    archives=Archives(settings.bucket),
    eraser=Eraser(settings.accounts_table, settings.scans_table, settings.clinic_table),
    purger=Purger(settings.bucket),
    queue=OwnDataQueue(settings.own_data_queue_url),
    now=now,
)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged(log)
def read_message(record: SQSRecord) -> None:
    """One wish; a message that is none of ours is only told of."""
    asked = asked_for(record.body)
    if asked is None:
        outcome = "not a wish"
    else:
        outcome = pack(own, asked.account_id) if asked.wish is Wish.EXPORT else erase(own, asked.account_id)
    log.info("own data", extra={"wish": asked.wish.value if asked else None, "outcome": outcome})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """One batch of wishes."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
