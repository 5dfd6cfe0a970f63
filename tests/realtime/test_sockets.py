"""Who may watch what, and what is pushed to them, over DynamoDB."""

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.realtime.push import Push, _send, task_moved, watching_began
from functions.realtime.routes import answer
from functions.realtime.usecases import Realtime
from scanward import clock
from scanward.domain import tasks
from scanward.domain.accounts import Names, Profile, Role, register
from scanward.domain.claims import Claims, TokenType
from scanward.domain.ids import to_uuid
from scanward.domain.scans import Lane, Scan, ScanType
from scanward.domain.sessions import Session
from scanward.domain.tasks import Task
from scanward.domain.watching import SETTLING
from scanward.security.gate import Gate
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore
from scanward.stores.connections import ConnectionStore, subscription_of_image
from scanward.stores.gate import GateStore
from scanward.stores.scan_items import task_item, task_of_image
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import read_token_keys
from scanward.stores.sockets import SocketGone, Sockets
from tests.cloud import SECRET

ADA, BOB = 1, 2


class Outbox(Sockets):
    """Keeps what is sent; sockets in `gone` are closed, and come after so many tries when a number is given."""

    def __init__(self) -> None:
        super().__init__("api", "live", "eu-central-1")
        self.sent: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.gone: dict[str, int] = {}

    def send(self, connection_id: str, message: bytes) -> None:
        if self.gone.get(connection_id, 0) > 0:
            self.gone[connection_id] -= 1
            raise SocketGone
        self.sent[connection_id].append(json.loads(message))


class World:
    """Two accounts with a session each, and what the two functions work with."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.tokens = Tokens(partial(read_token_keys, SECRET), clock.now)
        self.gates = GateStore("AccountsTable")
        accounts = AccountStore("AccountsTable")
        for account in (ADA, BOB):
            accounts.add(
                register(account, Role.PATIENT, Names(email=f"{account}@example.org"), Profile(), clock.now()), "hash"
            )
            self.gates.open(account, Session(f"s{account}", 0, int(clock.now().timestamp()) + 1000), 0)
        self.scans = ScanStore("ScansTable")
        self.connections = ConnectionStore("ConnectionsTable", "ScansTable")
        gate = Gate(self.gates, self.tokens, 100, clock.now)
        self.outbox = Outbox()
        self.realtime = Realtime(gate, self.tokens, self.scans, self.connections, self.outbox, clock.now)
        self.push = Push(
            self.scans, self.connections, self.outbox, lambda: clock.now() + self.ahead, sleep=lambda _: None
        )

    def task(self, owner: int = ADA) -> Task:
        now = clock.now()
        task = tasks.create(clock.fresh_id(now), clock.fresh_id(now), owner, now)
        self.scans.add(Scan(task.scan_id, owner, owner, task.id, Lane.LOW, ScanType.XRAY, task.status, now), task)
        return task

    def access(self, account: int = ADA) -> str:
        return self.tokens.issue(TokenType.ACCESS, Claims(account, f"s{account}", "j"))

    def task_token(self, task: Task, account: int = ADA) -> str:
        return self.tokens.issue(TokenType.TASK, Claims(account, f"s{account}", "j", task.id))

    def connect(self, token: str | None, *named: object, connection: str = "c1") -> int:
        query = {"token": token, "task_ids": ",".join(map(str, named))}
        given = {name: value for name, value in query.items() if value}
        context = {"eventType": "CONNECT", "connectionId": connection}
        return int(
            answer(self.realtime, {"requestContext": context, "queryStringParameters": given or None})["statusCode"]
        )

    def rows(self) -> int:
        """How many connections and subscriptions are kept."""
        dynamodb = boto3.client("dynamodb")
        kept = dynamodb.scan(TableName="ScansTable")["Items"]
        subscriptions = sum(item["sk"]["S"].startswith("SUB#") for item in kept)
        return subscriptions + dynamodb.scan(TableName="ConnectionsTable")["Count"]


@pytest.fixture
def world(aws: None) -> World:
    return World()


def finish(world: World, task: Task) -> list[Task]:
    """The task through all its states, unpushed; each of them."""
    states = [task]
    steps: list[Callable[[Task], Task]] = [
        lambda t: tasks.claim(t, "one", None, clock.now()),
        lambda t: tasks.advance(t, 45, "Processing the image", clock.now()),
        lambda t: tasks.complete(t, {"pathologies": ["effusion"]}, clock.now()),
    ]
    for step in steps:
        states.append(world.scans.move(states[-1], step(states[-1])))
    return states


def test_watchers_get_each_state_once_as_the_document_shows(world: World) -> None:
    task = world.task()
    assert world.connect(world.access(), task.id) == 200
    states = finish(world, task)
    for state in [*states, *states]:
        task_moved(world.push, state)
    sent = world.outbox.sent["c1"]
    assert [message["version"] for message in sent] == [1, 2, 3, 4]
    assert {"task_id", "status", "progress", "message"} <= set(sent[2])
    assert (sent[2]["task_id"], sent[2]["status"], sent[2]["progress"]) == (str(to_uuid(task.id)), "IN_PROGRESS", 45)
    assert sent[3]["result"] == {"type": "analysis", "data": {"pathologies": ["effusion"]}}


def test_whoever_comes_late_gets_the_state_as_it_is(world: World) -> None:
    task = world.task()
    done = finish(world, task)[-1]
    assert world.connect(world.task_token(task)) == 200
    [watcher] = world.connections.watching(task.id)
    assert watching_began(world.push, watcher) == 1
    assert [message["version"] for message in world.outbox.sent["c1"]] == [done.version]


def test_shuffled_and_doubled_records_never_run_backwards(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    states = finish(world, task) * 5
    for seed in range(20):
        random.Random(seed).shuffle(states)
        for state in states:
            task_moved(world.push, state)
    versions = [message["version"] for message in world.outbox.sent["c1"]]
    assert versions == sorted(set(versions))
    assert versions[-1] == 4


@pytest.mark.parametrize("who", ["nobody", "garbage", "foreign", "missing", "none", "many", "ended", "refresh"])
def test_a_handshake_that_is_not_allowed_is_refused_and_leaves_nothing(world: World, who: str) -> None:
    task, access = world.task(), world.access()
    if who == "ended":
        task_token = world.tokens.issue(TokenType.TASK, Claims(ADA, "another session", "j", task.id))
    else:
        task_token = world.tokens.issue(TokenType.REFRESH, Claims(ADA, "s1", "j"))
    status = {
        "nobody": lambda: world.connect(None, task.id),
        "garbage": lambda: world.connect("a.b.c", task.id),
        "foreign": lambda: world.connect(world.access(BOB), task.id),
        "missing": lambda: world.connect(access, 12345),
        "none": lambda: world.connect(access),
        "many": lambda: world.connect(access, *range(1, 30)),
        "ended": lambda: world.connect(task_token),
        "refresh": lambda: world.connect(task_token, task.id),
    }[who]()
    expected = {"foreign": 404, "missing": 404, "none": 422, "many": 422}.get(who, 401)
    assert (status, world.rows()) == (expected, 0)


def test_a_task_token_watches_its_own_task_and_no_other(world: World) -> None:
    mine, other = world.task(), world.task()
    assert world.connect(world.task_token(mine), other.id) == 200
    assert len(world.connections.watching(mine.id)) == 1
    assert world.connections.watching(other.id) == []


def test_a_closed_socket_leaves_nothing(world: World) -> None:
    first, second = world.task(), world.task()
    world.connect(world.access(), first.id, second.id)
    assert world.rows() == 3
    gone = {"requestContext": {"eventType": "DISCONNECT", "connectionId": "c1"}}
    for _ in range(2):
        assert answer(world.realtime, gone) == {"statusCode": 200}
        assert world.rows() == 0


def test_a_push_that_overtakes_the_handshake_waits_for_it(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    world.outbox.gone["c1"] = 3
    assert task_moved(world.push, task) == 1
    assert world.rows() == 2


def test_a_handshake_that_takes_too_long_is_tried_again_later(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    world.outbox.gone["c1"] = 100
    with pytest.raises(SocketGone):
        task_moved(world.push, task)
    assert world.rows() == 2


def test_a_socket_that_is_gone_is_forgotten_and_the_others_are_served(world: World) -> None:
    task = world.task()
    for name in ("c1", "c2"):
        world.connect(world.access(), task.id, connection=name)
    world.outbox.gone["c1"] = 100
    world.ahead = SETTLING + timedelta(seconds=1)
    assert task_moved(world.push, task) == 1
    assert [watcher.connection_id for watcher in world.connections.watching(task.id)] == ["c2"]


def test_a_ping_is_answered_over_the_socket_and_nothing_else_is_understood(world: World) -> None:
    for body in ('{"action": "ping"}', "", None, "ping", "[]", "[" * 100_000, '{"action": "watch-everything"}'):
        context = {"eventType": "MESSAGE", "connectionId": "c1"}
        assert answer(world.realtime, {"requestContext": context, "body": body}) == {"statusCode": 200}
    assert world.outbox.sent["c1"][0] == {"action": "pong"}
    assert [set(said) for said in world.outbox.sent["c1"][1:]] == [{"error"}] * 6


def test_what_the_stream_says_of_a_watcher_may_be_long_past(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    [began] = world.connections.watching(task.id)
    assert task_moved(world.push, task) == 1
    assert watching_began(world.push, began) == 0, "it has got this version already"
    world.connections.close("c1")
    world.outbox.gone["c1"] = 100
    assert watching_began(world.push, began) == 0, "and now it is gone"
    assert world.outbox.gone["c1"] == 100, "so it is not even tried"


def test_a_socket_that_closes_while_its_push_waits_holds_up_nobody(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    [watcher] = world.connections.watching(task.id)
    world.connections.close("c1")
    world.outbox.gone["c1"] = 100
    assert _send(world.push, task, watcher) == 0


def test_one_watcher_that_cannot_be_reached_yet_does_not_keep_it_from_the_others(world: World) -> None:
    task = world.task()
    for name in ("c1", "c2", "c3"):
        world.connect(world.access(), task.id, connection=name)
    world.outbox.gone["c1"] = 100
    with pytest.raises(SocketGone):
        task_moved(world.push, task)
    assert [len(world.outbox.sent[name]) for name in ("c1", "c2", "c3")] == [0, 1, 1]
    world.outbox.gone["c1"] = 0
    assert task_moved(world.push, task) == 1
    assert [len(world.outbox.sent[name]) for name in ("c1", "c2", "c3")] == [1, 1, 1]


def test_stream_images_are_read_back(world: World) -> None:
    task = finish(world, world.task())[-1]
    image = task_item(task).serialize()
    assert task_of_image(image) == task
    raw = {"pk": "TASK#7", "sk": "SUB#abc=", "connected_ms": 1000, "pushed": 3, "expires_at": 5}
    read = subscription_of_image({name: TypeSerializer().serialize(value) for name, value in raw.items()})
    assert (read.task_id, read.connection_id, read.pushed) == (7, "abc=", 3)
