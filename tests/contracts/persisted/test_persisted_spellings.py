"""What is persisted or public keeps its spelling, whatever the code calls it: compared with a list frozen once."""

import json
import os
from collections.abc import Iterator

import pytest

from functions.auth.settings import MailSettings
from functions.auth.settings import Settings as AuthSettings
from functions.inference.model_registry import ModelSettings
from functions.inference.settings import ArrivalSettings, DeadLetterSettings, PredictSettings
from functions.inference.settings import Settings as InferenceSettings
from functions.portal.settings import Settings as PortalSettings
from functions.realtime.settings import PushSettings
from functions.realtime.settings import Settings as RealtimeSettings
from functions.records.settings import PersonalDataSettings, SealSettings
from functions.records.settings import Settings as RecordsSettings
from functions.scans.settings import LeftoverSettings, SweepSettings
from functions.scans.settings import Settings as ScansSettings
from scanward.domain import object_keys
from scanward.domain.accounts import Role
from scanward.domain.one_time_passwords import MAX_WRONG_CODES
from scanward.domain.orders import Priority
from scanward.domain.tasks import FailureReason
from scanward.metrics import Metric, emit
from scanward.settings import load_settings
from scanward.stores import keys
from scanward.stores.queues import PersonalDataQueue, RequestKind
from tests.contracts.persisted import spellings
from tests.contracts.persisted.spellings import frozen
from tests.contracts.policy.cells import Cell, cell
from tests.contracts.policy.rows_of_care import ROWS as OF_CARE
from tests.contracts.policy.rows_of_departments import ROWS as OF_DEPARTMENTS
from tests.contracts.policy.rows_of_people import ROWS as OF_PEOPLE
from tests.contracts.policy.rows_of_scans import ROWS as OF_SCANS
from tests.contracts.policy.rows_of_texts import ROWS as OF_TEXTS
from tests.support.client import ApiClient
from tests.support.cloud import ROOT, cloud
from tests.support.mailbox import Mailbox
from tests.support.one_time_passwords import turn_on_one_time_passwords
from tests.support.own_data import carry_out, live_a_life
from tests.support.people import PASSWORD, Kind, own_id, professional, sign_in, sign_in_administrator
from tests.support.photographs import jpeg
from tests.support.scans import analyse
from tests.support.sockets import Sockets
from tests.support.world import World

CALLERS = (
    (Role.PATIENT, "own"),
    (Role.DOCTOR, "link"),
    (Role.DOCTOR, "department"),
    (Role.DOCTOR, "none"),
    (Role.HOSPITAL, "link"),
    (Role.ADMIN, "none"),
)
FULL_NAMES = {"email": "full@example.org", "username": "full_name", "password": "correct horse", "is_doctor": True}


@pytest.fixture(scope="module")
def world() -> Iterator[None]:
    """Provide an AWS in which each route was called by each kind of caller, an image was analysed and a socket
    opened.
    """
    with cloud():
        for role, relation in CALLERS:
            call_all(cell(Kind(role), relation))
        live_on()
        yield


def call_all(caller: Cell) -> None:
    """Send each request of the policy's table."""
    for row in (*OF_CARE, *OF_DEPARTMENTS, *OF_TEXTS, *OF_SCANS, *OF_PEOPLE):
        if not row.alone:
            row.send(caller.who.client, caller.target)


def live_on() -> None:
    """Do what no single request does: register in full, read an image, open a socket, call something twice."""
    api = ApiClient()
    api.post("/auth/password-reset", {"email": "ada@example.org"})
    api.post("/api/register", FULL_NAMES | {"registration_id": "R1", "phone_number": "1"})
    administrator = sign_in_administrator(api)
    patient, doctor = sign_in(api, "ada@example.org"), professional(api, "DOCTOR", administrator)
    api.form("/auth/login", {"email": "ada@example.org", "password": "wrong horse"})
    scan = live_a_life(patient, doctor)
    patient.upload("/api/profile", {"image": jpeg()}, {"full_name": "Ada"}, method="PATCH")
    form = {"priority": "HIGH", "additional_notes": "x", "scan_type": "XRAY", "analysis_type": "expert"}
    image = (ROOT / "samples" / "consolidation-1.png").read_bytes()
    patient.upload("/scans", {"file": image}, form, headers={"Idempotency-Key": "one"})
    patient.post("/api/questions", {"question_text": "Why?"}, headers={"Idempotency-Key": "two"})
    patient.delete(f"/scans/{scan.id}")
    sample = (ROOT / "samples" / "nodule-3.dcm").read_bytes()
    # A header that does not deny that text is burned in, so that the result has a warning.
    dicom = sample.replace(b"\x28\0\x01\x03CS\x02\0NO", b"\x28\0\x01\x03CS\x02\0  ")
    for content, style in ((image, "friendly-analysis"), (dicom, "expert-analysis")):
        analyse(patient.upload(f"/xray/{style}", {"file": content}).data)
    watch(World().sockets)
    turn_on_one_time_passwords(patient)
    for _ in range(MAX_WRONG_CODES):
        guess = {"email": "ada@example.org", "password": PASSWORD, "one_time_password": "nobody's"}
        assert api.form("/auth/login", guess).status == 401
    turn_on_one_time_passwords(doctor)
    assert administrator.delete(f"/users/{own_id(doctor)}/one-time-password").status == 200
    for approved in (False, True):
        assert administrator.post(f"/users/{own_id(doctor)}/approval", {"approved": approved}).status == 200
    change_address(api, patient)
    reason = {"reason": "unconscious, nobody with them"}
    assert doctor.post(f"/patients/{own_id(patient)}/break-glass", reason).status == 201
    queue = PersonalDataQueue(os.environ["OWN_DATA_QUEUE_URL"])
    for before in (None, 1):
        queue.enqueue(RequestKind.REFUSAL, own_id(doctor), before=before)
    assert patient.post("/users/me/export", {}).status == 202
    carry_out(json.dumps({"wish": "EXPORT", "account_id": own_id(patient)}))


def change_address(api: ApiClient, patient: ApiClient) -> None:
    """Change an email, and mail all that is to be mailed; then have more wait to be mailed."""
    mailbox = Mailbox()
    assert patient.put("/users/me", {"email": "lovelace@example.org"}).status == 200
    api.post("/auth/password-reset", {"email": "lovelace@example.org"})
    while mailbox.deliver():
        pass
    assert patient.put("/users/me", {"email": "ada@example.org"}).status == 200
    api.post("/auth/password-reset", {"email": "ada@example.org"})


def watch(sockets: Sockets) -> None:
    """Open a socket that watches a task until it ends."""
    task = sockets.task()
    assert sockets.connect(sockets.access(), task.id) == 200
    sockets.moved(*sockets.finish(task))


@pytest.mark.usefixtures("world")
def test_items_in_the_tables_are_spelled_as_they_were() -> None:
    assert spellings.item_shapes() == frozen()["items"]


@pytest.mark.usefixtures("world")
def test_keys_in_the_bucket_are_spelled_as_they_were() -> None:
    assert spellings.object_shapes() == frozen()["objects"]


@pytest.mark.usefixtures("world")
def test_actions_in_the_access_log_are_spelled_as_they_were() -> None:
    assert spellings.log_words() == frozen()["access log"]


@pytest.mark.usefixtures("world")
def test_names_in_an_export_are_spelled_as_they_were() -> None:
    assert spellings.export_shapes() == frozen()["export"]


@pytest.mark.usefixtures("world")
def test_messages_in_the_queues_are_spelled_as_they_were() -> None:
    assert spellings.message_shapes() == frozen()["messages"]


def test_models_have_the_attributes_that_they_had() -> None:
    assert spellings.model_shapes() == frozen()["models"]


def test_keys_of_dynamodb_are_spelled_as_they_were() -> None:
    assert spellings.spelled_by(keys) == frozen()["keys"]


def test_keys_of_s3_are_spelled_as_they_were() -> None:
    assert spellings.spelled_by(object_keys) == frozen()["object keys"]


def test_enumerations_have_the_values_that_they_had() -> None:
    assert spellings.enumerations("scanward") == frozen()["enumerations"]


def test_metrics_and_their_dimensions_are_named_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    emit(dict.fromkeys(Metric, 1), lane=Priority.HIGH)
    emit({Metric.FAILURES: 1}, reason=FailureReason.MODEL)
    lines = [json.loads(line)["_aws"]["CloudWatchMetrics"][0] for line in capsys.readouterr().out.splitlines()]
    told = {line["Namespace"] for line in lines}
    told |= {name for line in lines for dimensions in line["Dimensions"] for name in dimensions}
    told |= {f"{metric['Name']} {metric['Unit']}" for line in lines for metric in line["Metrics"]}
    assert sorted(told) == frozen()["metrics"]


SETTINGS = (
    AuthSettings,
    MailSettings,
    RecordsSettings,
    PersonalDataSettings,
    ScansSettings,
    SweepSettings,
    LeftoverSettings,
    ArrivalSettings,
    RealtimeSettings,
    PushSettings,
    DeadLetterSettings,
    ModelSettings,
    InferenceSettings,
    PredictSettings,
    PortalSettings,
    SealSettings,
)


def test_functions_ask_their_environment_for_the_variables_that_they_asked_for() -> None:
    assert [variables(kind) for kind in SETTINGS] == frozen()["environment"]


def variables(kind: type[object]) -> list[str]:
    """Return the variables that one class of settings asks for."""
    recorded = spellings.Recorded(ROOT)
    load_settings(kind, recorded)
    return sorted(recorded.asked)
