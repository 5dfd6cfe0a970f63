"""Whatever people of a clinic do over HTTP and sockets, and in whichever order: nobody is shown what policy denies.

The functions answer in this process, as the gateway finds them; the stream of tasks is played to the pusher step by
step, so that each push is compared with what the rules say at that moment. Of each patient a word lies in all that is
kept of their scans: an export in which it stands shows their data.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scanward.clock import now
from scanward.domain import tasks
from scanward.domain.accounts import Role
from scanward.domain.care import GLASS_OPEN
from scanward.domain.ids import parse_id
from scanward.domain.object_keys import heatmap_key, preview_key
from scanward.domain.tasks import Task, TaskStatus
from scanward.stores import keys
from tests.support import clock
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, TABLES
from tests.support.own_data import deliver, fetch_export
from tests.support.people import Kind, People, Person
from tests.support.sockets import Sockets
from tests.unit.functions.records.usecases.clinic_rules import ClinicRules, Clock

RUNS = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
CAST = (Role.PATIENT, Role.PATIENT, Role.DOCTOR, Role.DOCTOR, Role.HOSPITAL, Role.LAB, Role.ADMIN)
STAFF = frozenset({Role.DOCTOR, Role.HOSPITAL, Role.LAB})
PICK = st.integers(0, 9)
WARDS, SOCKETS = count(1), count(1)
MOST_SCANS = 4
LINKED_FOR = timedelta(hours=1)
REASON = "Unconscious at the door"
UPLOAD = {"filename": "x.png", "content_type": "image/png"}


class RealClock(Clock):
    """The clock of the functions."""

    def __init__(self) -> None:
        super().__init__(now())

    def now(self) -> datetime:
        self.time = now()
        return self.time


@dataclass(frozen=True)
class Upload:
    """Whose image it is, who sent it, and what it is called."""

    patient: int
    sender: int
    scan_id: str
    task_id: str


class Clinic(RuleBasedStateMachine):
    """The functions on one side, the rules on the other."""

    def __init__(self, world: Sockets) -> None:
        super().__init__()
        self.world, self.model = world, ClinicRules(RealClock())
        self.people: dict[int, Person] = {}
        self.ended: set[int] = set()
        self.uploads: list[Upload] = []
        self.sockets: dict[int, str] = {}
        self.watched: dict[int, set[str]] = {}
        for role in CAST:
            person = People().add(Kind(role, is_approved=role not in STAFF))
            self.people[person.id], self.model.roles[person.id] = person, role
        made = self._client(self._admin()).post("/api/department/", {"name": f"Machine ward {next(WARDS)}"})
        self.ward = str(made.json["pk"])

    @initialize(approved=st.sets(st.integers(0, 3)), linked=st.lists(st.tuples(PICK, PICK, st.booleans()), max_size=4))
    def begin(self, approved: set[int], linked: list[tuple[int, int, bool]]) -> None:
        """Fill the ward, and have who works there watch, so that every end has something to end."""
        for pick in approved:
            self.decide(whom=pick, is_approved=True)
        for pick in (0, 1):
            self.assign(whom=pick)
        self._admit(self._patient(0), self._admin())
        for who, whom, ends in linked:
            self.connect(who=who, whom=whom, ends=ends)
        self.upload(who=0, whom=0)
        for number, role in self.model.roles.items():
            if role in STAFF and self._sees(number, self._patient(0)):
                self._watch(number, self.uploads)

    @rule(who=PICK, whom=PICK, ends=st.booleans())
    def connect(self, who: int, whom: int, ends: bool) -> None:
        """Let a professional in. `ends`: until a time, and not for good."""
        patient, professional = self._patient(who), self._professional(whom)
        token = self._client(professional).post("/patients/create-connect-token", {})
        assert (token.status == 200) is (professional not in self.model.refused | self.ended), token.body
        if token.status == 200:
            ends_at = now() + LINKED_FOR if ends else None
            wish = {"ends_at": ends_at.isoformat()} if ends_at else {}
            linked = self._client(patient).post(f"/patients/connect-doctor/{token.data['token']}", wish)
            assert linked.status == 200
            self.model.links[patient, professional] = ends_at
            self.model.linked_at[patient, professional] = datetime.fromisoformat(linked.data["since"])
            self.model.withdrawn -= {(patient, professional)}

    @rule(who=PICK, whom=PICK, may=st.booleans())
    def withdraw(self, who: int, whom: int, may: bool) -> None:
        """Withdraw from somebody, who looks at their lists at once. `may`: from whom there is something to withdraw."""
        staff = [number for number, role in self.model.roles.items() if role in STAFF]
        pairs = [(one, other) for one in self._patients() for other in staff if self.model.may_withdraw(one, other)]
        chance = self._patient(who), self._professional(whom)
        patient, professional = pairs[who % len(pairs)] if may and pairs else chance
        expected = self.model.may_withdraw(patient, professional)
        reply = self._client(patient).delete(f"/patients/me/doctors/{professional}")
        assert reply.status == (200 if expected else 404)
        if expected:
            self.model.links.pop((patient, professional), None)
            self.model.withdrawn |= {(patient, professional)}
            if professional not in self.ended:
                self._look_at_lists(professional, self._client(professional))

    @rule(whom=PICK, is_approved=st.booleans())
    def decide(self, whom: int, is_approved: bool) -> None:
        number = self._professional(whom)
        reply = self._client(self._admin()).post(f"/users/{number}/approval", {"approved": is_approved})
        assert reply.status == 200
        decided, other = (self.model.approved, self.model.refused)[:: 1 if is_approved else -1]
        decided.add(number)
        other.discard(number)

    @rule(whom=PICK)
    def assign(self, whom: int) -> None:
        doctor = self._among(Role.DOCTOR, whom)
        reply = self._client(self._admin()).put(f"/api/department/{self.ward}/doctors/{doctor}", {})
        assert (reply.status == 200) is (doctor in self.model.approved)
        self.model.works |= {doctor} & self.model.approved

    @rule(whom=PICK)
    def dismiss(self, whom: int) -> None:
        doctor = self._among(Role.DOCTOR, whom)
        reply = self._client(self._admin()).delete(f"/api/department/{self.ward}/doctors/{doctor}")
        assert (reply.status == 200) is (doctor in self.model.works)
        self.model.works -= {doctor}

    @rule(who=PICK, whom=PICK)
    def admit(self, who: int, whom: int) -> None:
        self._admit(self._patient(who), self._anybody(whom))

    def _admit(self, patient: int, actor: int) -> None:
        reply = self._client(actor).put(f"/api/department/{self.ward}/patients/{patient}", {})
        assert (reply.status == 200) is self.model.admits(actor, patient), reply.body
        if reply.status == 200 and patient not in self.model.admitted:
            self.model.admitted |= {patient}
            self.model.left_at.pop(patient, None)

    @rule(who=PICK, whom=PICK)
    def discharge(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        reply = self._client(actor).delete(f"/api/department/{self.ward}/patients/{patient}")
        may = self.model.roles[actor] is Role.ADMIN or actor in self.model.works & self.model.approved
        assert (reply.status == 200) is (may and patient in self.model.admitted)
        self.model.admitted -= {patient} if reply.status == 200 else set()

    @rule(who=PICK)
    def leave(self, who: int) -> None:
        """Leave, and have everyone try to take the patient in again at once."""
        patient = self._patient(who)
        reply = self._client(patient).delete(f"/patients/me/departments/{self.ward}")
        assert (reply.status == 200) is (patient in self.model.admitted)
        if reply.status == 200:
            self.model.admitted -= {patient}
            self.model.left_at[patient] = now()
            for actor in self.people:
                self._admit(patient, actor)

    @rule(who=PICK, whom=PICK)
    def break_glass(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        reply = self._client(actor).post(f"/patients/{patient}/break-glass", {"reason": REASON})
        expected = self.model.roles[actor] is Role.DOCTOR and actor in self.model.approved
        assert (reply.status == 201) is expected
        if expected:
            self.model.glasses[patient, actor] = now() + GLASS_OPEN

    @rule()
    def let_all_run_out(self) -> None:
        """Set the end of every link that has one, and of every broken glass, to this moment; who had one looks."""
        linked = {number for (_, number), until in self.model.links.items() if until}
        dynamodb, end = boto3.client("dynamodb"), now()
        for item in dynamodb.scan(TableName=TABLES["CLINIC_TABLE"])["Items"]:
            if item["pk"]["S"].startswith(("CARE#", "PATIENTS#", "DOCTORS#")) and "ends_ms" in item:
                ends = {"N": str(int(end.timestamp() * 1000))}
                dynamodb.put_item(TableName=TABLES["CLINIC_TABLE"], Item={**item, "ends_ms": ends})
        over = end - timedelta(seconds=1)
        self.model.glasses = dict.fromkeys(self.model.glasses, over)
        self.model.links = {pair: until and over for pair, until in self.model.links.items()}
        for number in sorted(linked - self.ended):
            self._look_at_lists(number, self._client(number))

    @rule(whom=st.integers(2, 3))
    def deactivate(self, whom: int) -> None:
        """End an account for good, with its sessions."""
        number = self._professional(whom)
        assert self._client(self._admin()).patch(f"/users/{number}", {"is_active": False}).status == 200
        self.ended.add(number)

    @precondition(lambda self: len(self.uploads) < MOST_SCANS)
    @rule(who=PICK, whom=PICK)
    def upload(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        body = {**UPLOAD, "patient_id": str(patient), "additional_notes": _word(patient)}
        reply = self._client(actor).post("/scans/uploads", body)
        role = self.model.roles[actor]
        near = self.model.is_linked(patient, actor) or (
            role is Role.DOCTOR and self.model.shares_department(patient, actor)
        )
        is_staff = actor in self.model.approved and actor not in self.ended and role in STAFF
        assert (reply.status == 200) is (actor == patient or role is Role.ADMIN or (is_staff and near)), reply.body
        if reply.status == 200:
            self.uploads.append(Upload(patient, actor, reply.data["scan_id"], reply.data["task_id"]))
            task = self._task(self.uploads[-1])
            for key in (task.object_key, preview_key(task.scan_id), heatmap_key(task.scan_id, task.id)):
                boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=_word(patient).encode())

    @precondition(lambda self: self.uploads)
    @rule(which=PICK)
    def analyse(self, which: int) -> None:
        """Complete a task, whose heatmap is there to be looked at from then on."""
        upload = self.uploads[which % len(self.uploads)]
        before = self._task(upload)
        if not before.is_final:
            claimed = self.world.scans.write_transition(before, tasks.claim(before, "one", None, now()))
            result = {"note": _word(upload.patient)}
            self.world.scans.write_transition(claimed, tasks.complete(claimed, result, now()))

    @precondition(lambda self: self.uploads)
    @rule(whom=PICK, which=st.sets(PICK, max_size=2), may=st.booleans())
    def watch(self, whom: int, which: set[int], may: bool) -> None:
        """Open a socket instead of an earlier one: for what is named, or for all of one's own.

        `may`: name only what can be seen, which chance alone would seldom do.
        """
        actor = self._anybody(whom)
        among = [upload for upload in self.uploads if not may or self._sees(actor, upload.patient)]
        self._watch(actor, [among[pick % len(among)] for pick in sorted(which)] if among else [])

    def _watch(self, actor: int, wanted: list[Upload]) -> None:
        connection_id = f"machine{next(SOCKETS)}"
        named = [upload.task_id for upload in wanted]
        status = self.world.connect(self.people[actor].client.token, *named, connection=connection_id)
        assert (status == 200) is (
            actor not in self.ended and all(self._sees(actor, upload.patient) for upload in wanted)
        )
        if status == 200:
            if actor in self.sockets:
                self.world.disconnect(self.sockets[actor])
            self.sockets[actor] = connection_id
            self.watched[actor] = {upload.task_id for upload in wanted}

    @invariant()
    def compare_staff(self) -> None:
        """After each step, so that every change of access is looked at from where it was made."""
        for number in self.model.roles:
            if self.model.roles[number] in STAFF and number not in self.ended:
                for patient in self._patients():
                    status = self._client(number).get(f"/patients/{patient}").status
                    assert status == (200 if self._sees(number, patient) else 404)

    @invariant()
    def push_everything(self) -> None:
        """After each step, so that every end of an access meets the sockets that were open before it."""
        for upload in self.uploads:
            if self.sockets:
                self._advance(upload)

    def _advance(self, upload: Upload) -> None:
        """Move a task on, tell the pusher, and look at what each socket was told."""
        seeing = {number for number in self.sockets if self._sees(number, upload.patient)}
        watching = {number for number in seeing if upload.task_id in self.watched[number]}
        watching |= {number for number in seeing if number == upload.patient and not self.watched[number]}
        before = self._task(upload)
        self.world.began(before)
        self.world.moved(self.world.scans.write_transition(before, replace(before, version=before.version + 1)))
        told = {number for number, socket in self.sockets.items() if upload.task_id in self._take(socket)}
        assert told <= seeing, "a push shows what policy denies"
        assert told >= watching, "who may see, and watches, is told"
        for number in self.sockets.keys() - seeing:  # who is let in again later has to watch anew
            self.watched[number].discard(upload.task_id)

    @rule(whom=PICK)
    def look(self, whom: int) -> None:
        """Ask for everything as one person, by id and by list."""
        actor = self._anybody(whom)
        client = self._client(actor)
        if actor in self.ended:
            assert {client.get(path).status for path in ("/tasks", "/patients", "/users/me")} == {401}
            return
        for upload in self.uploads:
            is_seen = self._sees(actor, upload.patient)
            for path in (f"/scans/{upload.scan_id}", f"/tasks/status/{upload.task_id}"):
                reply = client.get(path)
                assert reply.status == (200 if is_seen else 404), path
            self._look_at_files(upload, client, is_seen=is_seen)
        self._look_at_lists(actor, client)

    def _look_at_files(self, upload: Upload, client: ApiClient, *, is_seen: bool) -> None:
        is_there = self._task(upload).status is TaskStatus.COMPLETED
        original = client.get(f"/files/images/{upload.scan_id}?original=true")
        image, heatmap = (client.get(f"/files/{kind}") for kind in _shown(upload))
        assert (original.status, image.status) == ((302, 200) if is_seen else (404, 404))
        assert heatmap.status == (200 if is_seen and is_there else 404)
        if is_seen:
            assert parse_qs(urlsplit(original.headers["location"]).query)["X-Amz-Expires"] == ["300"]

    def _look_at_lists(self, actor: int, client: ApiClient) -> None:
        owners = {upload.task_id: upload.patient for upload in self.uploads}
        listed = {owners[task["task_id"]] for task in client.get("/tasks").data if task["task_id"] in owners}
        assert all(self._sees(actor, patient) for patient in listed)
        if self.model.roles[actor] in STAFF:
            linked = {one["id"] for one in client.get("/patients").data}
            assert linked == {patient for patient in self._patients() if self.model.reaches(patient, actor)}
        if self.model.roles[actor] is Role.DOCTOR:
            near = {
                patient
                for patient in self._patients()
                if self.model.reaches(patient, actor) or self.model.shares_department(patient, actor)
            }
            assert {one["pk"] for one in client.get("/api/patients/").json} == near
        in_ward = client.get(f"/api/department/{self.ward}/patients")
        if in_ward.status == 200:
            assert all(self._sees(actor, one["pk"]) for one in in_ward.json)

    @rule(who=PICK)
    def ask_who_can_see(self, who: int) -> None:
        patient = self._patient(who)
        seen: dict[str, Any] = self._client(patient).get("/patients/me/access").data
        listed = {one["id"] for one in seen["doctors"]}
        listed |= {glass["doctor"]["id"] for glass in seen["broken_glass"]}
        listed |= {one["id"] for place in seen["departments"] for one in place["doctors"]}
        others = self.people.keys() - {patient, self._admin()}
        assert listed == {number for number in others if self._sees(number, patient)}

    def teardown(self) -> None:
        """Let everyone who sent an image of somebody else take their data along: of others, most lies near these."""
        for actor in sorted({upload.sender for upload in self.uploads if upload.sender != upload.patient}):
            self._take_along(actor)

    @rule(whom=PICK)
    def take_along(self, whom: int) -> None:
        self._take_along(self._anybody(whom))

    def _take_along(self, actor: int) -> None:
        """Have one's own data packed at this moment, and look whose they are."""
        client = self._client(actor)
        if actor in self.ended:
            assert client.get("/users/me/export").status == 401
            return
        place = {"pk": {"S": keys.export(actor)}, "sk": {"S": keys.EXPORT}}
        boto3.client("dynamodb").delete_item(TableName=TABLES["CLINIC_TABLE"], Key=place)  # else it stands for a day
        assert client.get("/users/me/export").data["url"] is None
        deliver()
        with fetch_export(client) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        self._compare_export(actor, files)

    def _compare_export(self, actor: int, files: dict[str, bytes]) -> None:
        content = b"".join(files.values()).decode()
        own = [upload for upload in self.uploads if upload.patient == actor]
        assert {patient for patient in self._patients() if _word(patient) in content} == ({actor} if own else set())
        images = {int(name.split("/")[1]) for name in files if name.startswith("images/")}
        assert images == {parse_id(upload.scan_id) for upload in own}
        lists = {name.removesuffix(".json"): json.loads(text) for name, text in files.items() if ".json" in name}
        assert {one["id"] for one in lists["tasks"]} == {parse_id(upload.task_id) for upload in own}
        assert {entry["patient_id"] for entry in lists["access_log"]} <= {actor}
        linked = {(one["patient_id"], one["professional_id"]) for one in lists["care_links"]}
        self.model.clock.now()
        lasting = {pair for pair in self.model.links if actor in pair and self.model.is_linked(*pair)}
        assert linked == (set() if actor in self.model.refused else lasting)

    def _sees(self, who: int, patient: int) -> bool:
        self.model.clock.now()
        return who not in self.ended and self.model.sees(who, patient, health=False)

    def _task(self, upload: Upload) -> Task:
        task = self.world.scans.task(self.world.tokens.task_id(upload.task_id))
        assert task is not None
        return task

    def _take(self, connection_id: str) -> list[str]:
        """Return the tasks of which a socket has been told since the last look."""
        told = [message["task_id"] for message in self.world.outbox.sent[connection_id] if "task_id" in message]
        self.world.outbox.sent[connection_id].clear()
        return told

    def _client(self, number: int) -> ApiClient:
        return self.people[number].client

    def _admin(self) -> int:
        return self._among(Role.ADMIN, 0)

    def _patients(self) -> list[int]:
        return [number for number, role in self.model.roles.items() if role is Role.PATIENT]

    def _patient(self, pick: int) -> int:
        return self._among(Role.PATIENT, pick)

    def _professional(self, pick: int) -> int:
        staff = [number for number, role in self.model.roles.items() if role in STAFF]
        return staff[pick % len(staff)]

    def _among(self, role: Role, pick: int) -> int:
        numbers = [number for number, other in self.model.roles.items() if other is role]
        return numbers[pick % len(numbers)]

    def _anybody(self, pick: int) -> int:
        return list(self.people)[pick % len(self.people)]


def _word(patient: int) -> str:
    return f"Zwetschge{patient}"


def _shown(upload: Upload) -> tuple[str, str]:
    """Return the paths of what people look at."""
    return f"images/{upload.scan_id}", f"heatmaps/{upload.task_id}"


def test_whatever_people_do_over_http_and_sockets_nobody_is_shown_what_policy_denies(aws: None) -> None:
    world = Sockets(clock.Clock(), limit=10**6)

    class Machine(Clinic):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(Machine, settings=RUNS)
