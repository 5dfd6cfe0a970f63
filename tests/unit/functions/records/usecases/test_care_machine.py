"""Whatever people of a clinic do, and in whichever order: reads and writes succeed exactly when a model says so.

Over one AWS in the process, with a clock that a rule moves. What others read is in the access log each time.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from functions.records.usecases import care, clinical_notes, departments, directory, questions
from functions.records.usecases.clinical_notes import PATIENT_RECORD
from functions.records.usecases.dependencies import RecordDeps
from scanward.clock import fresh_id
from scanward.domain import accounts
from scanward.domain.accounts import Actor, Decision, Names, Profile, Role
from scanward.domain.care import GLASS_OPEN
from scanward.domain.clinical_notes import Findings
from scanward.domain.pagination import PageRange, PageRequest
from scanward.errors import Conflict, NotAllowed, NotFound
from scanward.security.access import Access
from scanward.stores.care import CareStore
from scanward.stores.rate_limits import GlassRateStore
from tests.support.cloud import TABLES
from tests.unit.functions.records.usecases.clinic_rules import HOUR, Asked, ClinicRules, Clock

RUNS = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
CAST = (Role.PATIENT, Role.PATIENT, Role.DOCTOR, Role.DOCTOR, Role.HOSPITAL, Role.LAB, Role.ADMIN)
PICK = st.integers(0, 9)
HOURS = st.sampled_from([None, 1, 2])
ALL = PageRequest(100, None)
NAMES = count()
REFUSED = object()
REASON = "Unconscious at the door"


class People(RuleBasedStateMachine):
    """The use-cases on one side, the rules on the other."""

    def __init__(self, clinic: RecordDeps, clock: Clock) -> None:
        super().__init__()
        self.clinic, self.model = clinic, ClinicRules(clock)
        for role in CAST:
            self._register(role)
        ward = departments.create_department(clinic, f"Ward {next(NAMES)}", None)
        self.ward = str(ward.id)

    @initialize(approved=st.sets(PICK), linked=st.lists(st.tuples(PICK, PICK, HOURS), max_size=6))
    def begin(self, approved: set[int], linked: list[tuple[int, int, int | None]]) -> None:
        for pick in {one % 4 for one in approved}:
            self.approve_or_not(whom=pick)
        for who, whom, hours in linked:
            self.connect(who=who, whom=whom, hours=hours)

    @rule(who=PICK, whom=PICK, hours=HOURS)
    def connect(self, who: int, whom: int, hours: int | None) -> None:
        patient, professional = self._patient(who), self._professional(whom)
        made = self._tried(lambda: care.create_connect_token(self.clinic, self._actor(professional), 60))
        assert (made is not REFUSED) is (professional not in self.model.refused)
        if made is REFUSED:
            return
        ends_at = self.model.clock.time + hours * HOUR if hours else None
        linked = care.connect_doctor(
            deps=self.clinic, actor=self._actor(patient), token=made.token, ends_at=ends_at, idempotency_key=None
        )
        self.model.links[patient, professional] = ends_at
        self.model.linked_at[patient, professional] = linked.link.since
        self.model.withdrawn -= {(patient, professional)}

    @rule(who=PICK, whom=PICK)
    def withdraw(self, who: int, whom: int) -> None:
        patient, professional = self._patient(who), self._professional(whom)
        expected = self.model.may_withdraw(patient, professional)
        done = self._tried(lambda: care.withdraw_link(self.clinic, self._actor(patient), str(professional)))
        assert (done is not REFUSED) is expected
        if expected:
            self.model.links.pop((patient, professional), None)
            self.model.withdrawn |= {(patient, professional)}

    @rule(whom=PICK)
    def approve_or_not(self, whom: int) -> None:
        number = self._professional(whom)
        self.model.approved ^= {number}
        before = self.clinic.accounts.get(number)
        assert before is not None
        decision, is_approved = Decision(number, self.model.clock.now()), number in self.model.approved
        account = accounts.decide(before.account, decision, is_approved=is_approved)
        self.model.refused = self.model.refused - {number} if is_approved else self.model.refused | {number}
        self.clinic.accounts.change(before, replace(before, account=account), ends_sessions=False)

    @rule(whom=PICK)
    def assign(self, whom: int) -> None:
        doctor = self._among(Role.DOCTOR, whom)
        done = self._tried(
            lambda: departments.assign_doctor(self.clinic, self._administrator(), self.ward, str(doctor))
        )
        assert (done is not REFUSED) is (doctor in self.model.approved)
        self.model.works |= {doctor} & self.model.approved

    @rule(whom=PICK)
    def dismiss(self, whom: int) -> None:
        doctor = self._among(Role.DOCTOR, whom)
        done = self._tried(
            lambda: departments.dismiss_doctor(self.clinic, self._administrator(), self.ward, str(doctor))
        )
        assert (done is not REFUSED) is (doctor in self.model.works)
        self.model.works -= {doctor}

    @rule(who=PICK, whom=PICK)
    def admit(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        expected = self.model.admits(actor, patient)
        done = self._tried(lambda: departments.admit_patient(self.clinic, self._actor(actor), self.ward, str(patient)))
        assert (done is not REFUSED) is expected
        if expected and patient not in self.model.admitted:
            self.model.admitted |= {patient}
            self.model.left_at.pop(patient, None)

    @rule(who=PICK)
    def leave_department(self, who: int) -> None:
        patient = self._patient(who)
        done = self._tried(lambda: departments.leave_department(self.clinic, self._actor(patient), self.ward))
        assert (done is not REFUSED) is (patient in self.model.admitted)
        if done is not REFUSED:
            self.model.admitted -= {patient}
            self.model.left_at[patient] = self.model.clock.time

    @rule(who=PICK)
    def list_who_can_see(self, who: int) -> None:
        patient = self._patient(who)
        overview = care.read_access(self.clinic, self._actor(patient))
        listed = {one.account.id for one in overview.doctors} | {one.account.id for one in overview.glasses}
        listed |= {doctor.id for department in overview.departments for doctor in department.doctors}
        listed |= {account.id for account in overview.administrators if account.id in self.model.roles}
        seeing = {number for number in self.model.roles if self.model.sees(number, patient, health=False)}
        assert listed == seeing - {patient}

    @rule(who=PICK, whom=PICK)
    def break_glass(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        expected = self.model.roles[actor] is Role.DOCTOR and actor in self.model.approved
        glass = self._tried(lambda: care.break_glass(self.clinic, self._actor(actor), str(patient), REASON))
        assert (glass is not REFUSED) is expected
        if glass is not REFUSED:
            self.model.glasses[patient, actor] = glass.opened_at + GLASS_OPEN

    @rule(minutes=st.sampled_from([20, 61, 125]))
    def wait(self, minutes: int) -> None:
        self.model.clock.time += HOUR * minutes / 60

    @rule(who=PICK, whom=PICK)
    def write_record(self, who: int, whom: int) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        expected, text = self.model.writes_records(actor, patient), Findings("seen", "meant")
        record = self._tried(
            lambda: clinical_notes.write_note(
                deps=self.clinic,
                actor=self._actor(actor),
                kind=PATIENT_RECORD,
                patient_id=patient,
                text=text,
                idempotency_key=None,
            )
        )
        assert (record is not REFUSED) is expected
        if record is not REFUSED:
            self.model.records[record.id] = patient

    @rule(who=PICK, whom=PICK, diagnosis=st.booleans())
    def write_sheet(self, who: int, whom: int, diagnosis: bool) -> None:
        patient, actor = self._patient(who), self._anybody(whom)
        expected = self.model.writes_sheet(actor, patient, diagnosis=diagnosis)
        fields = {"diagnosis" if diagnosis else "name": "words"}
        done = self._tried(lambda: care.write_chart(self.clinic, self._actor(actor), str(patient), fields))
        assert (done is not REFUSED) is expected

    @rule(who=PICK, whom=PICK, named=st.booleans())
    def ask(self, who: int, whom: int, named: bool) -> None:
        approved = sorted(self.model.approved & {n for n, role in self.model.roles.items() if role is Role.DOCTOR})
        doctor = approved[whom % len(approved)] if named and approved else None
        patient = self._patient(who)
        question = questions.ask_question(
            deps=self.clinic, actor=self._actor(patient), text="why?", doctor_id=doctor, idempotency_key=None
        )
        self.model.questions[question.id] = Asked(patient, doctor)

    @precondition(lambda self: self.model.questions)
    @rule(which=PICK, whom=PICK)
    def answer(self, which: int, whom: int) -> None:
        number, actor = self._one_of(self.model.questions, which), self._anybody(whom)
        asked = self.model.questions[number]
        expected = self.model.answers(actor, asked)
        done = self._tried(
            lambda: questions.answer_question(
                deps=self.clinic, actor=self._actor(actor), question_id=str(number), text="so", idempotency_key=None
            )
        )
        assert (done is not REFUSED) is expected
        asked.answered_by = actor if expected else asked.answered_by

    @precondition(lambda self: self.model.questions)
    @rule(which=PICK, whom=PICK)
    def take_back(self, which: int, whom: int) -> None:
        number, actor = self._one_of(self.model.questions, which), self._anybody(whom)
        expected = self.model.takes_back(actor, self.model.questions[number])
        done = self._tried(lambda: questions.withdraw_question(self.clinic, self._actor(actor), str(number)))
        assert (done is not REFUSED) is expected
        if expected:
            del self.model.questions[number]

    @rule(who=PICK)
    def everybody_reads_a_patient(self, who: int) -> None:
        patient = self._patient(who)
        for actor in self.model.roles:
            found = self._read(
                actor, patient, lambda who: care.read_patient(self.clinic, who, str(patient)), health=False
            )
            assert found is REFUSED or found.shows_diagnosis is self.model.sees(actor, patient, health=True)

    @precondition(lambda self: self.model.records)
    @rule(which=PICK)
    def everybody_reads_a_record(self, which: int) -> None:
        number = self._one_of(self.model.records, which)
        for actor in self.model.roles:
            patient = self.model.records[number]
            self._read(
                actor,
                patient,
                lambda who: clinical_notes.read_note(self.clinic, who, PATIENT_RECORD, str(number)),
                health=True,
            )

    @precondition(lambda self: self.model.questions)
    @rule(which=PICK)
    def everybody_reads_a_question(self, which: int) -> None:
        number = self._one_of(self.model.questions, which)
        for actor in self.model.roles:
            expected = self.model.reads_question(actor, self.model.questions[number])
            reader = self._actor(actor)
            done = self._tried(partial(questions.read_question, self.clinic, reader, str(number)))
            assert (done is not REFUSED) is expected

    @rule(whom=PICK)
    def list_patients(self, whom: int) -> None:
        number = self._professional(whom)
        listed, _ = care.list_linked_patients(self.clinic, self._actor(number), ALL)
        assert {one.account.id for one in listed} == {p for p in self._patients() if self.model.reaches(p, number)}

    @rule(whom=PICK)
    def list_patients_of_all_kinds(self, whom: int) -> None:
        doctor = self._among(Role.DOCTOR, whom)
        listed, _ = directory.list_patients(self.clinic, self._actor(doctor), ALL)
        near = {
            patient
            for patient in self._patients()
            if self.model.reaches(patient, doctor) or self.model.shares_department(patient, doctor)
        }
        assert {account.id for account in listed} == near

    def _read(self, actor: int, patient: int, read: Callable[[Actor], Any], *, health: bool) -> Any:
        """Read, and look whether that is as the model says, and in the patient's log."""
        logged = len(self._log(patient))
        expected = self.model.sees(actor, patient, health=health)
        found = self._tried(lambda: read(self._actor(actor)))
        assert (found is not REFUSED) is expected
        entries = self._log(patient)
        assert len(entries) - logged == int(expected and actor != patient)
        if len(entries) > logged:
            assert entries[0].actor_id == actor
        return found

    def _log(self, patient: int) -> Any:
        return self.clinic.access_log.page(patient, PageRange(0, 1000)).items

    def _tried(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (NotAllowed, NotFound, Conflict):
            return REFUSED

    def _register(self, role: Role) -> None:
        now = self.model.clock.now()
        names = Names(username=f"person{next(NAMES)}")
        account = accounts.register(id=fresh_id(now), role=role, names=names, profile=Profile(), now=now)
        self.clinic.accounts.add(account, "no hash")
        self.model.roles[account.id] = role

    def _actor(self, number: int) -> Actor:
        """As the gate would say now."""
        works = self.clinic.members.departments([number]).get(number, frozenset())
        role = self.model.roles[number]
        waits = role in accounts.PROFESSIONALS and number not in self.model.approved
        return Actor(
            account_id=number,
            role=role,
            is_approved=not waits,
            session_id="session",
            departments=works,
            is_refused=number in self.model.refused,
        )

    def _patients(self) -> list[int]:
        return [number for number, role in self.model.roles.items() if role is Role.PATIENT]

    def _patient(self, pick: int) -> int:
        return self._among(Role.PATIENT, pick)

    def _professional(self, pick: int) -> int:
        among = [number for number, role in self.model.roles.items() if role in accounts.PROFESSIONALS]
        return among[pick % len(among)]

    def _administrator(self) -> Actor:
        return self._actor(self._among(Role.ADMIN, 0))

    def _among(self, role: Role, pick: int) -> int:
        among = [number for number, other in self.model.roles.items() if other is role]
        return among[pick % len(among)]

    def _anybody(self, pick: int) -> int:
        return self._one_of(self.model.roles, pick)

    def _one_of(self, among: dict[int, Any], pick: int) -> int:
        return sorted(among)[pick % len(among)]


def test_whatever_people_do_nobody_sees_what_the_policy_denies(aws: None) -> None:
    clock = Clock(datetime(2026, 11, 21, tzinfo=UTC))
    whole: RecordDeps = import_module("functions.records.handler").deps
    access = Access(CareStore(TABLES["CLINIC_TABLE"]), clock.now)
    glass_rates = GlassRateStore(TABLES["CLINIC_TABLE"], RUNS.stateful_step_count)  # never reached
    clinic = replace(whole, now=clock.now, access=access, glass_rates=glass_rates)

    class Machine(People):
        def __init__(self) -> None:
            super().__init__(clinic, clock)

    run_state_machine_as_test(Machine, settings=RUNS)
