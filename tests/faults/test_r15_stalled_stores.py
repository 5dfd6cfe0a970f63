"""Fault R15: a service accepts a call and is silent, hangs up, answers half, or answers something else."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from scanward import clock
from scanward.domain import tasks
from scanward.domain.orders import Priority
from scanward.domain.tokens import SigningKey, TokenKeys
from scanward.errors import Unavailable
from scanward.stores import clients, dynamo, sdk
from scanward.stores.accounts import AccountStore
from scanward.stores.archives import Archives
from scanward.stores.connections import WebSocketClient
from scanward.stores.mail import Mailer, MailQueue, ResetRequest
from scanward.stores.queues import PersonalDataQueue, PriorityQueues, RequestKind
from scanward.stores.s3 import ModelFiles, ObjectStore, ObjectVersion, ProfilePictures, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import read_token_keys, write_token_keys
from tests.faults.injection import answered
from tests.support.client import ApiClient
from tests.support.people import sign_in

SHORT_SECONDS = 0.2
ITEM = b'{"Item": {"pk": {"S": "TASK#1"}, "sk": {"S": "TASK"}, "sc'
XML = b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Contents><Key>derived/1'


def http(status: str, body: bytes, length: int | None = None) -> bytes:
    """Return an answer; `length` is what it says of itself."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


ANSWERS: dict[str, bytes | None] = {
    "silent": None,
    "closing": b"",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half of what it announces": http("200 OK", ITEM, 500),
    "half, and says that this is all": http("200 OK", ITEM),
    "nothing, and says that this is all": http("200 OK", b""),
    "half of XML": http("200 OK", XML),
    "a page": http("200 OK", b"<html><body>Welcome to the hotel's network</body></html>"),
    "a list": http("200 OK", b"[]"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "500 and noise": http("500 Internal Server Error", bytes(range(256))),
    "400 and noise": http("400 Bad Request", bytes(range(256))),
    "503": http("503 Slow Down", b""),
}
CALLS: dict[str, Callable[[], object]] = {
    "DynamoDB, an item": lambda: ScanStore("ScansTable").task(1),
    "DynamoDB, a list": lambda: ScanStore("ScansTable").due_tasks(0, dynamo.from_ms(1), 5),
    "DynamoDB, an account": lambda: AccountStore("AccountsTable").get(1),
    "S3, a list": lambda: list(ObjectStore("images").list_keys("derived/")),
    "S3, versions": lambda: Purger("images").purge("derived/1"),
    "SQS": lambda: PersonalDataQueue(f"{clients.sqs().meta.endpoint_url}/1/q").enqueue(RequestKind.EXPORT, 1),
    "SQS, mail": lambda: MailQueue(f"{clients.sqs().meta.endpoint_url}/1/q").enqueue_reset(
        ResetRequest("ada@example.org")
    ),
    "Secrets Manager": lambda: read_token_keys("token-keys"),
    "SES": lambda: Mailer("clinic@example.org").send("ada@example.org", "a subject", "a text"),
    "sockets": lambda: WebSocketClient("api", "live", "eu-central-1").is_open("a-connection"),
}

OTHER_CALLS: dict[str, Callable[[], object]] = {
    "an object": lambda: ObjectStore("images").get("uploads/1"),
    "an object unless it is known": lambda: ObjectStore("images").get_unless_match("derived/1", None),
    "the beginning of an object": lambda: ObjectStore("images").head("uploads/1", 128),
    "whether an object is there": lambda: ObjectStore("images").exists("uploads/1"),
    "the oldest version": lambda: ObjectStore("images").oldest_version("uploads/1"),
    "versions after a key": lambda: list(ObjectStore("images").versions_after("uploads/1", "uploads/")),
    "putting an object": lambda: ObjectStore("images").put("uploads/1", b"x", "image/png"),
    "moving an object": lambda: ObjectStore("images").move("uploads/1", "aside/1"),
    "a model's file": lambda: ModelFiles("images", "models/").get("card.json"),
    "putting a picture": lambda: ProfilePictures("images").put(1, "face.png", b"x", "image/png"),
    "removing a picture": lambda: ProfilePictures("images").remove("profiles/1/face.png"),
    "removing versions": lambda: Purger("images").purge_versions([ObjectVersion("uploads/1", "v")]),
    "removing a delivered image": lambda: Purger("images").purge_image("somewhere/else", "v"),
    "aborting archives": lambda: Archives("images").abandon_all("exports/1"),
    "a lane's message": lambda: _lanes().enqueue(tasks.create(1, 2, 3, clock.now())),
    "a lane's depth": lambda: _lanes().depth(Priority.MEDIUM),
    "new token keys": lambda: write_token_keys("token-keys", TokenKeys((SigningKey("k1", "secret", 0),))),
    "a push": lambda: WebSocketClient("api", "live", "eu-central-1").send("a-connection", b"{}"),
    "closing a socket": lambda: WebSocketClient("api", "live", "eu-central-1").close("a-connection"),
}


def _lanes() -> PriorityQueues:
    return PriorityQueues(dict.fromkeys(Priority, f"{clients.sqs().meta.endpoint_url}/1/q"))


class Service:
    """What listens on a port, and counts who comes."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.calls = 0
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.calls += 1
            self._open.append(connection)
            if self._answer is not None:
                with suppress(OSError):  # who has heard enough hangs up
                    connection.recv(65536)
                    connection.sendall(self._answer)
                    connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for one in (self._listener, *self._open):
            one.close()


def forget_clients() -> None:
    for maker in (clients._session, clients.s3, clients.patient_s3, clients.sqs, clients.ses, clients.secrets_manager):
        maker.cache_clear()
    clients.websocket_management.cache_clear()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes | None], Service]]:
    """Provide what starts a service, to which all clients lead that are made from then on."""
    running: list[Service] = []
    forget_clients()
    monkeypatch.setattr(clients, "READ_SECONDS", SHORT_SECONDS)
    # Models are bound to the one connection, which stays: it is given another client for a while.
    link = dynamo.connection()
    monkeypatch.setattr(link, "_client", None)
    monkeypatch.setattr(link, "_read_timeout_seconds", SHORT_SECONDS)
    monkeypatch.setattr(sdk, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr(sdk, "LEAST_SECONDS", 0.0)

    def start(answer: bytes | None) -> Service:
        running.append(Service(answer))
        monkeypatch.setenv("AWS_ENDPOINT_URL", running[-1].endpoint)
        return running[-1]

    yield start
    for service in running:
        service.close()
    forget_clients()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_service_that_does_not_answer_rightly_is_unavailable(
    served: Callable[[bytes | None], Service], call: str, answer: str
) -> None:
    service = served(ANSWERS[answer])
    with pytest.raises(Unavailable) as raised:
        CALLS[call]()
    assert raised.value.retry_after > 0
    assert 1 <= service.calls <= sdk.MAX_TRIES


@pytest.mark.parametrize("call", OTHER_CALLS)
def test_call_that_is_not_answered_in_time_is_unavailable(
    served: Callable[[bytes | None], Service], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    for name in ("READ_SECONDS", "PATIENT_SECONDS"):
        monkeypatch.setattr(clients, name, SHORT_SECONDS / 4)
    served(None)
    with pytest.raises(Unavailable) as raised:
        OTHER_CALLS[call]()
    assert isinstance(raised.value.__cause__, ReadTimeoutError)


def test_every_client_waits_no_longer_than_a_request_can() -> None:
    """Those of the fault tests wait less, so they do not show it."""
    made = [
        dynamo.connection().client,
        clients.s3(),
        clients.sqs(),
        clients.ses(),
        clients.secrets_manager(),
        clients.websocket_management("https://api.execute-api.eu-central-1.amazonaws.com/live"),
    ]
    limits = {(client.meta.config.connect_timeout, client.meta.config.read_timeout) for client in made}
    assert limits == {(sdk.CONNECT_SECONDS, sdk.READ_SECONDS)}


def test_silent_service_is_asked_as_often_as_there_is_time(served: Callable[[bytes | None], Service]) -> None:
    service = served(None)
    with pytest.raises(Unavailable):
        read_token_keys("token-keys")
    assert 1 <= service.calls < sdk.MAX_TRIES, "three times, and waiting in between, would be too long"


def test_calls_of_one_request_share_its_time(
    served: Callable[[bytes | None], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = served(None)
    monkeypatch.setattr(sdk, "LEAST_SECONDS", sdk.REQUEST_SECONDS - SHORT_SECONDS / 2)
    with sdk.time_limited():
        with pytest.raises(Unavailable):
            read_token_keys("token-keys")
        calls = service.calls
        assert calls > 0
        with pytest.raises(Unavailable):
            read_token_keys("token-keys")
        assert service.calls == calls, "of its time nothing is left"
    with sdk.time_limited(), pytest.raises(Unavailable):
        read_token_keys("token-keys")
    assert service.calls > calls


def test_what_a_request_waits_for_ends_within_five_seconds() -> None:
    last_begin = sdk.REQUEST_SECONDS - sdk.LEAST_SECONDS
    assert last_begin + sdk.READ_SECONDS <= 5
    assert last_begin + sdk.CONNECT_SECONDS <= 5
    assert sdk.MAX_TRIES * sdk.READ_SECONDS <= sdk.REQUEST_SECONDS < 5


@pytest.mark.parametrize("failure", [ReadTimeoutError, ConnectionClosedError])
@pytest.mark.parametrize(("method", "path"), [("GET", "/scans"), ("GET", "/tasks"), ("POST", "/scans/uploads")])
def test_the_api_says_503_where_a_call_is_not_answered(
    aws: None, failure: type[ReadTimeoutError | ConnectionClosedError], method: str, path: str
) -> None:
    patient = sign_in(ApiClient(), "ada@example.org")

    def fail(request: Any) -> Any:
        raise failure(endpoint_url=request.url)

    with answered(dynamo.connection().client, "dynamodb", fail):
        reply = patient.send(method, path)
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
