"""Whatever people do, and in whichever order: exactly those tokens hold that a small model of the rules says hold.

Over one AWS in the process, with a clock that only moves when a rule moves it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions.auth.usecases import administration, own_account, registration, sessions
from functions.auth.usecases.dependencies import Auth
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import Login
from scanward.clock import fresh_id
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.claims import TokenType
from scanward.errors import Conflict, InvalidCredentials, InvalidRefreshToken, NotApproved, NotAuthenticated
from scanward.security.attempts import Attempts
from scanward.security.gate import Gate, Pass
from scanward.security.tokens import Tokens
from scanward.stores.account_lists import AccountLists
from scanward.stores.accounts import AccountStore
from scanward.stores.attempts import AttemptStore
from scanward.stores.gate import GateStore
from scanward.stores.secrets import read_token_keys
from tests.cloud import SECRET, TABLES

ADDRESS = "192.0.2.1"
UNLIMITED = 1_000_000
GRACE = 30  # seconds, design §6: "a short grace for a lost answer"
PAST = timedelta(minutes=13)  # where time begins: PyJWT has a clock of its own, and access tokens last 15 minutes
MOST_PEOPLE = 3
RUNS = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)

PICK = st.integers(0, 9)
BACK = st.sampled_from([1, 1, 2])
WAITS = st.sampled_from([0, GRACE, GRACE + 1])
AnyOf = TypeVar("AnyOf")

numbers = count()


def chosen(among: list[AnyOf], pick: int) -> AnyOf:
    """One of those that there are."""
    return among[pick % len(among)]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0) - PAST

    def now(self) -> datetime:
        return self.time

    def move(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass(eq=False)
class Person:
    """What the rules know of an account."""

    id: int
    email: str
    role: Role
    passwords: list[str]
    active: bool = True
    approved: bool = False

    @property
    def waits(self) -> bool:
        return self.role is not Role.PATIENT and not self.approved


@dataclass(eq=False)
class Opened:
    """What the rules know of a session. `chain`: its refresh tokens, each the successor of the one before."""

    owner: Person
    access: str
    chain: list[str]
    live: bool = True
    rotated: datetime | None = None
    copies: list[str] = field(default_factory=list)  # of the last in the chain, given once more

    def holds(self, place: int, now: datetime) -> bool:
        """Whether the refresh token at this place is good for anything: the last, or the one before for a while."""
        if place == len(self.chain) - 1:
            return True
        in_grace = self.rotated is not None and now - self.rotated <= timedelta(seconds=GRACE)
        return place == len(self.chain) - 2 and in_grace


class Accounts(RuleBasedStateMachine):
    """The use-cases on one side, the rules on the other."""

    people = Bundle("people")
    opened = Bundle("opened")

    def __init__(self, auth: Auth, clock: Clock) -> None:
        super().__init__()
        self.auth, self.clock = auth, clock
        self.everybody: list[Person] = []
        self.every: list[Opened] = []
        clock.begin()

    @initialize(target=people, role=st.sampled_from([Role.PATIENT, Role.DOCTOR]))
    def somebody(self, role: Role) -> Person:
        return self._registered(role)

    @initialize(target=opened, role=st.sampled_from([Role.PATIENT, Role.DOCTOR]))
    def somebody_who_is_in(self, role: Role) -> Opened:
        return self._signed_in(self._registered(role), by_role=False)

    @precondition(lambda self: len(self.everybody) < MOST_PEOPLE)
    @rule(target=people, role=st.sampled_from([Role.PATIENT, Role.DOCTOR, Role.HOSPITAL, Role.LAB]))
    def register(self, role: Role) -> Person:
        return self._registered(role)

    @rule(target=opened, who=people, by_role=st.booleans())
    def login(self, who: Person, by_role: bool) -> "Opened | MultipleResults[Opened]":
        shown = self._login(who, who.passwords[-1], by_role)
        if not who.active:
            with pytest.raises((InvalidCredentials, NotApproved)):
                sessions.login(self.auth, ADDRESS, shown)
            return multiple()
        if by_role and who.waits:
            with pytest.raises(NotApproved):
                sessions.login(self.auth, ADDRESS, shown)
            return multiple()
        return self._signed_in(who, by_role=by_role)

    @rule(who=people, by_role=st.booleans(), old=st.booleans())
    def login_with_a_wrong_password(self, who: Person, by_role: bool, old: bool) -> None:
        wrong = who.passwords[-2] if old and len(who.passwords) > 1 else "wrong horse"
        with pytest.raises(InvalidCredentials):
            sessions.login(self.auth, ADDRESS, self._login(who, wrong, by_role))

    @rule(session=opened, rotates=st.booleans(), in_body=st.booleans())
    def refresh(self, session: Opened, rotates: bool, in_body: bool) -> None:
        self._refreshed(session, len(session.chain) - 1, rotates=rotates, in_body=in_body)

    @precondition(lambda self: self.live())
    @rule(pick=PICK, back=BACK, seconds=WAITS, rotates=st.booleans(), in_body=st.booleans())
    def refresh_with_an_old_token(self, pick: int, back: int, seconds: int, rotates: bool, in_body: bool) -> None:
        session = chosen(self.live(), pick)
        while len(session.chain) <= back:
            self._refreshed(session, len(session.chain) - 1, rotates=True, in_body=True)
        self.clock.move(seconds)
        self._refreshed(session, len(session.chain) - 1 - back, rotates=rotates, in_body=in_body)

    @rule(session=opened, everywhere=st.booleans())
    def logout(self, session: Opened, everywhere: bool) -> None:
        passed = self._passed(session)
        if passed:
            sessions.logout(self.auth, passed.actor, everywhere=everywhere)
            for ended in self._of(session.owner) if everywhere else [session]:
                ended.live = False

    @rule(session=opened)
    def change_password(self, session: Opened) -> None:
        passed = self._passed(session)
        if passed:
            password = f"correct horse {next(numbers)}"
            own_account.change_credentials(self.auth, passed.actor, None, password)
            session.owner.passwords.append(password)
            self._all_end(session.owner)

    @rule(who=people)
    def deactivate(self, who: Person) -> None:
        administration.set_active(self.auth, str(who.id), active=False)
        who.active = False
        self._all_end(who)

    @precondition(lambda self: self.inactive())
    @rule(pick=PICK)
    def reactivate(self, pick: int) -> None:
        who = chosen(self.inactive(), pick)
        administration.set_active(self.auth, str(who.id), active=True)
        who.active = True

    @rule(who=people, approved=st.booleans())
    def decide(self, who: Person, approved: bool) -> None:
        if who.role is Role.PATIENT:
            with pytest.raises(Conflict):
                administration.decide(self.auth, str(who.id), approved=approved)
            return
        administration.decide(self.auth, str(who.id), approved=approved)
        who.approved = approved

    @rule(seconds=WAITS)
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds)

    @invariant()
    def exactly_those_tokens_hold_that_should(self) -> None:
        for session in self.every:
            passed = self._passed(session)
            for token in (*session.chain, *session.copies):
                self._enters(token, TokenType.REFRESH, session.live)
                self._refused(token, TokenType.ACCESS)
            self._refused(session.access, TokenType.REFRESH)
            if passed:
                shown = own_account.me(self.auth, passed.actor)
                assert (shown.id, shown.names.email) == (session.owner.id, session.owner.email)
                assert shown.is_active
                assert passed.actor.is_approved is shown.is_approved is not session.owner.waits

    @invariant()
    def nobody_is_active_or_approved_unless_somebody_said_so(self) -> None:
        for who in self.everybody:
            shown = administration.read(self.auth, str(who.id))
            assert (shown.is_active, shown.is_approved) == (who.active, not who.waits)
            live = self.auth.gate.sessions(who.id, int(self.clock.now().timestamp()))
            assert len(live) == sum(session.live for session in self._of(who))

    def live(self) -> list[Opened]:
        return [session for session in self.every if session.live]

    def inactive(self) -> list[Person]:
        return [who for who in self.everybody if not who.active]

    def _registered(self, role: Role) -> Person:
        email, password = f"{next(numbers)}@example.org", "correct horse"
        wanted = Registration(role, Names(email=email), Profile(), password)
        account = registration.register(self.auth, ADDRESS, wanted)
        who = Person(account.id, email, role, [password])
        assert account.is_approved is not who.waits
        self.everybody.append(who)
        return who

    def _signed_in(self, who: Person, *, by_role: bool) -> Opened:
        shown = self._login(who, who.passwords[-1], by_role)
        signed_in = sessions.login(self.auth, ADDRESS, shown)
        assert signed_in.account.id == who.id
        assert signed_in.account.is_approved is not who.waits
        session = Opened(who, signed_in.access, [signed_in.refresh])
        self.every.append(session)
        return session

    def _login(self, who: Person, password: str, by_role: bool) -> Login:
        """By role, as contract C logs in; else as the others do."""
        return Login("email", who.email, password, role=who.role if by_role else None, approved=by_role)

    def _refreshed(self, session: Opened, place: int, *, rotates: bool, in_body: bool) -> None:
        token = session.chain[place]
        if not (session.live and session.holds(place, self.clock.now())):
            with pytest.raises(InvalidRefreshToken if in_body else NotAuthenticated):
                self._renewed(token, rotates, in_body)
            session.live = False
            return
        renewed = self._renewed(token, rotates, in_body)
        session.access = renewed.access
        assert (renewed.refresh is not None) is rotates
        if renewed.refresh is None:
            return
        if place == len(session.chain) - 1:
            session.chain.append(renewed.refresh)
            session.rotated, session.copies = self.clock.now(), []
            return
        session.copies = [renewed.refresh]
        copy, last = (
            self.auth.tokens.verify(token, TokenType.REFRESH) for token in (renewed.refresh, session.chain[-1])
        )
        assert copy == last, "an answer that was lost is given once more; it is no second successor"

    def _renewed(self, token: str, rotates: bool, in_body: bool) -> sessions.Renewed:
        if in_body:
            return sessions.refresh_shown(self.auth, token, rotates=rotates)
        return sessions.refresh(self.auth, self.auth.entry.enter(token, TokenType.REFRESH), rotates=rotates)

    def _passed(self, session: Opened) -> Pass | None:
        """Past the gate with the session's access token, or refused: as the rules say."""
        return self._enters(session.access, TokenType.ACCESS, session.live)

    def _enters(self, token: str, kind: TokenType, holds: bool) -> Pass | None:
        if holds:
            return self.auth.entry.enter(token, kind)
        self._refused(token, kind)
        return None

    def _refused(self, token: str, kind: TokenType) -> None:
        with pytest.raises(NotAuthenticated):
            self.auth.entry.enter(token, kind)

    def _of(self, who: Person) -> list[Opened]:
        return [session for session in self.every if session.owner is who]

    def _all_end(self, who: Person) -> None:
        for session in self._of(who):
            session.live = False


def test_whatever_people_do_exactly_the_right_tokens_hold(aws: None) -> None:
    clock, table = Clock(), TABLES["ACCOUNTS_TABLE"]
    tokens = Tokens(partial(read_token_keys, SECRET), clock.now)
    store, gate = AccountStore(table), GateStore(table)
    attempts = Attempts(AttemptStore(table), UNLIMITED, UNLIMITED, tokens.pepper, clock.now)
    entry = Gate(gate, tokens, UNLIMITED, clock.now)
    auth = Auth(store, AccountLists(table, store), gate, entry, tokens, attempts, clock.now, fresh_id)

    class Machine(Accounts):
        def __init__(self) -> None:
            super().__init__(auth, clock)

    run_state_machine_as_test(Machine, settings=RUNS)
