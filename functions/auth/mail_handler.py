"""Wires the sending of mails and exports it to Lambda; the mail queue starts it."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.auth.settings import MailSettings
from functions.auth.usecases.change_mails import send_change_mail
from functions.auth.usecases.glass_mails import send_glass_mail
from functions.auth.usecases.reset_mails import MailDeps, send_reset_mail
from scanward.clock import now
from scanward.logs import log_failures
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.accounts import AccountStore
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.mail import ChangeNotice, GlassMailRequest, Mailer, MailRateStore, parse_mail_request
from scanward.stores.secrets import read_token_keys

settings = load_settings(MailSettings)
log = Logger(service="mail")
mails = MailDeps(
    accounts=AccountStore(settings.accounts_table),
    tokens=Tokens(partial(read_token_keys, settings.token_keys_secret), now),
    undo_tokens=UndoTokenStore(settings.accounts_table),
    mail_rates=MailRateStore(settings.accounts_table),
    mailer=Mailer(settings.sender) if settings.sender else None,
    reset_url=settings.reset_url,
    undo_url=settings.undo_url,
    now=now,
)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_message(record: SQSRecord) -> None:
    """Answer one request for a mail; a message that is none of ours is only logged."""
    request = parse_mail_request(record.body)
    if request is None:
        outcome = "not a request for a mail"
    elif isinstance(request, ChangeNotice):
        outcome = send_change_mail(mails, record.message_id, request)
    elif isinstance(request, GlassMailRequest):
        outcome = send_glass_mail(mails, request)
    else:
        outcome = send_reset_mail(mails, record.message_id, request)
    log.info("mail", extra={"outcome": outcome})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Handle one batch of requests for mails."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
