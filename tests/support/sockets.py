"""Three accounts with a session each, and what the functions of the slice work with."""

import json
from functools import partial
from typing import Any

import boto3

from functions.realtime.routes import answer
from functions.realtime.usecases.dependencies import ConnectionDeps, RealtimeDeps
from functions.realtime.usecases.push import PushDeps, push_first_state, push_task
from scanward.clock import fresh_id, now
from scanward.domain import tasks
from scanward.domain.accounts import Names, Profile, Role, register
from scanward.domain.ids import to_uuid
from scanward.domain.tasks import Task
from scanward.domain.tokens import Claims, Session, TokenType
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.stores import keys
from scanward.stores.access_log import AccessLog
from scanward.stores.accounts import AccountStore
from scanward.stores.care import CareStore
from scanward.stores.connections import ConnectionStore
from scanward.stores.scans import ListEntry, ScanListStore, ScanStore
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from scanward.stores.tasks import task_item
from tests.support.clock import Clock
from tests.support.cloud import MARK, SECRET
from tests.support.outbox import Outbox

ADA, BOB, DOC = 1, 2, 3
ORIGIN = "https://app.example.org"
LIMIT = 100


class Sockets:
    """What the functions of the slice work with, over sockets that go nowhere. Three accounts have a session each."""

    def __init__(self, clock: Clock, limit: int = LIMIT, public_limit: int = 10_000) -> None:
        self.clock = clock
        self.tokens = Tokens(partial(read_token_keys, SECRET), now)
        self.accounts = AccountStore("AccountsTable")
        self.gates = SessionStore("AccountsTable")
        for account, role in ((ADA, Role.PATIENT), (BOB, Role.PATIENT), (DOC, Role.DOCTOR)):
            self.sign_up(account, role)
        self.scans = ScanStore("ScansTable")
        self.connections = ConnectionStore("ConnectionsTable", "ScansTable")
        self.log = AccessLog("ClinicTable")
        self.outbox = Outbox()
        self.keeper = ConnectionDeps(self.connections, self.outbox, self.gates, self.clock.now)
        access = Access(CareStore("ClinicTable"), self.clock.now)
        gate = Authenticator(self.gates, self.tokens, limit, self.clock.now)
        lists = ScanListStore("ScansTable")
        origins = frozenset({ORIGIN})
        self.realtime = RealtimeDeps(
            connections=self.keeper,
            authenticator=gate,
            tokens=self.tokens,
            scans=self.scans,
            lists=lists,
            access=access,
            limit=limit,
            origins=origins,
            sender_limiter=SenderRateLimiter(public_limit, self.clock.now),
            mark=MARK,
        )
        self.push = PushDeps(self.keeper, self.scans, access, sleep=lambda _: None)

    def sign_up(self, account: int, role: Role = Role.PATIENT) -> None:
        """Add an account with a session of its own."""
        names = Names(email=f"{account}@example.org")
        self.accounts.add(register(id=account, role=role, names=names, profile=Profile(), now=now()), "hash")
        self.sign_in(account, f"s{account}")

    def sign_in(self, account: int, session: str, seconds: int = 30 * 24 * 3600) -> None:
        """Open another session of an account."""
        second = int(now().timestamp())
        self.gates.open(account, Session(session, second, second + seconds), second)

    def task(self, owner: int = ADA, asked_by: int | None = None) -> Task:
        """Return a new task about `owner`, in the lists of both."""
        moment = now()
        task = tasks.create(fresh_id(moment), fresh_id(moment), owner, moment, requested_by=asked_by or owner)
        for account in {task.patient_id, task.requested_by}:
            ListEntry(keys.tasks_of(account), keys.sortable(task.id)).save()
        self.keep(task)
        return task

    def keep(self, task: Task) -> Task:
        """Write a task as it is: what the poll gives from now on."""
        task_item(task).save()
        return task

    def finish(self, task: Task) -> list[Task]:
        """Return the task through all its states, unpushed; each of them."""
        states = [task]
        states.append(self.keep(tasks.claim(states[-1], "one", None, now())))
        states.append(self.keep(tasks.advance(states[-1], 45, "Processing the image", now())))
        states.append(self.keep(tasks.complete(states[-1], {"pathologies": ["effusion"]}, now())))
        return states

    def access(self, account: int = ADA, session: str | None = None) -> str:
        return self.tokens.issue(TokenType.ACCESS, Claims(account, session or f"s{account}", "j"))

    def task_token(self, task: Task, account: int = ADA) -> str:
        return self.tokens.issue(TokenType.TASK, Claims(account, f"s{account}", "j", task.id))

    def handshake(
        self,
        token: str | None,
        *named: object,
        connection: str = "c1",
        address: str = "192.0.2.1",
        **headers: str,
    ) -> dict[str, Any]:
        """Return what a handshake is answered. `address`: where the gateway sees it come from."""
        query = {"token": token, "task_ids": ",".join(map(str, named))}
        given = {name: value for name, value in query.items() if value}
        context = {"eventType": "CONNECT", "connectionId": connection, "identity": {"sourceIp": address}}
        event = {"requestContext": context, "queryStringParameters": given or None, "headers": headers}
        return answer(self.realtime, event)

    def connect(self, token: str | None, *named: object, connection: str = "c1", **headers: str) -> int:
        """Return the handshake's status."""
        return int(self.handshake(token, *named, connection=connection, **headers)["statusCode"])

    def disconnect(self, connection: str = "c1") -> None:
        """Send what the gateway says of a socket that has closed."""
        gone = {"requestContext": {"eventType": "DISCONNECT", "connectionId": connection}}
        assert answer(self.realtime, gone) == {"statusCode": 200}

    def say(self, body: object, connection: str = "c1") -> dict[str, Any]:
        """Send a message (an object as JSON, anything else as it is); what it is answered."""
        text = json.dumps(body) if isinstance(body, dict) else body
        context = {"eventType": "MESSAGE", "connectionId": connection}
        assert answer(self.realtime, {"requestContext": context, "body": text}) == {"statusCode": 200}
        return self.outbox.sent[connection][-1]

    def moved(self, *states: Task) -> None:
        """Let the stream say that a task moved."""
        for state in states:
            push_task(self.push, state)

    def began(self, task: Task) -> None:
        """Let the stream say of each watcher of the task that it began."""
        for watcher in self.connections.subscriptions_to(task.id):
            if watcher.pushed_version == 0:
                push_first_state(self.push, watcher)

    def versions(self, task: Task, connection: str = "c1") -> list[int]:
        """Return the versions of a task that a socket was sent."""
        said = [message for message in self.outbox.sent[connection] if message.get("task_id")]
        return [message["version"] for message in said if message["task_id"] == task_uuid(task)]

    def watchers(self, task: Task) -> list[str]:
        return [watcher.connection_id for watcher in self.connections.subscriptions_to(task.id)]

    def rows(self) -> int:
        """Return how many connections, slots and subscriptions are kept."""
        paginator = boto3.client("dynamodb").get_paginator("scan")
        scans = [item for page in paginator.paginate(TableName="ScansTable") for item in page["Items"]]
        subscriptions = sum(item["sk"]["S"].startswith("SUB#") for item in scans)
        return subscriptions + sum(page["Count"] for page in paginator.paginate(TableName="ConnectionsTable"))


def task_uuid(task: Task) -> str:
    """Return a task's id as the document shows it."""
    return str(to_uuid(task.id))
