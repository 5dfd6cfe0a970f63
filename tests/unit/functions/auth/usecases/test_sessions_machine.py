"""Whatever people do, and in whichever order: exactly those tokens hold that a small model of the rules says hold.

Over one AWS in the process, with a clock that only moves when a rule moves it.
"""

import os
from functools import partial
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

from functions.auth.usecases import administration, own_account, sessions
from functions.auth.usecases.administration import ApprovalDecision
from functions.auth.usecases.dependencies import AuthDeps
from scanward.clock import fresh_id
from scanward.domain.accounts import Role
from scanward.domain.tokens import TokenType
from scanward.errors import Conflict, InvalidCredentials, NotApproved
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import LoginRateLimiter
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore
from scanward.stores.care import CareStore
from scanward.stores.identity.account_lists import AccountListStore
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.mail import MailQueue
from scanward.stores.queues import PersonalDataQueue
from scanward.stores.rate_limits import AddressRateStore
from scanward.stores.s3 import ProfilePictures
from scanward.stores.secrets import read_token_keys
from scanward.stores.sessions import SessionStore
from tests.support.cloud import BUCKET, SECRET, TABLES
from tests.unit.functions.auth.usecases.account_actions import ADDRESS, ADMINISTRATOR, Acting, numbers
from tests.unit.functions.auth.usecases.account_rules import GRACE, Clock, Opened, Person

UNLIMITED = 1_000_000
MOST_PEOPLE = 3
RUNS = settings(
    max_examples=14,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)

PICK = st.integers(0, 9)
BACK = st.sampled_from([1, 1, 2])
WAITS = st.sampled_from([0, GRACE, GRACE + 1])
AnyOf = TypeVar("AnyOf")


def chosen(among: list[AnyOf], pick: int) -> AnyOf:
    """Return one of those that there are."""
    return among[pick % len(among)]


class Accounts(RuleBasedStateMachine):
    """The use-cases on one side, the rules on the other."""

    people = Bundle("people")
    opened = Bundle("opened")

    def __init__(self, auth: AuthDeps, clock: Clock) -> None:
        super().__init__()
        self.acting = Acting(auth, clock)
        self.auth, self.clock, self.model = auth, clock, self.acting.model
        clock.begin()

    @initialize(target=people, role=st.sampled_from([Role.PATIENT, Role.DOCTOR]))
    def somebody(self, role: Role) -> Person:
        return self.acting.registered(role)

    @initialize(target=opened, role=st.sampled_from([Role.PATIENT, Role.DOCTOR]))
    def somebody_who_is_in(self, role: Role) -> Opened:
        return self.acting.signed_in(self.acting.registered(role), by_role=False)

    @precondition(lambda self: len(self.model.people) < MOST_PEOPLE)
    @rule(target=people, role=st.sampled_from([Role.PATIENT, Role.DOCTOR, Role.HOSPITAL, Role.LAB]))
    def register(self, role: Role) -> Person:
        return self.acting.registered(role)

    @rule(target=opened, who=people, by_role=st.booleans())
    def login(self, who: Person, by_role: bool) -> "Opened | MultipleResults[Opened]":
        shown = self.acting.as_shown(who, who.passwords[-1], by_role)
        if not who.active:
            with pytest.raises((InvalidCredentials, NotApproved)):
                sessions.login(self.auth, ADDRESS, shown)
            return multiple()
        if by_role and who.waits:
            with pytest.raises(NotApproved):
                sessions.login(self.auth, ADDRESS, shown)
            return multiple()
        return self.acting.signed_in(who, by_role=by_role)

    @rule(who=people, by_role=st.booleans(), old=st.booleans())
    def login_with_a_wrong_password(self, who: Person, by_role: bool, old: bool) -> None:
        wrong = who.passwords[-2] if old and len(who.passwords) > 1 else "wrong horse"
        with pytest.raises(InvalidCredentials):
            sessions.login(self.auth, ADDRESS, self.acting.as_shown(who, wrong, by_role))

    @rule(session=opened, rotates=st.booleans(), in_body=st.booleans())
    def refresh(self, session: Opened, rotates: bool, in_body: bool) -> None:
        self.acting.refreshed(session, len(session.chain) - 1, rotates=rotates, in_body=in_body)

    @precondition(lambda self: self.model.live())
    @rule(pick=PICK, back=BACK, seconds=WAITS, rotates=st.booleans(), in_body=st.booleans())
    def refresh_with_an_old_token(self, pick: int, back: int, seconds: int, rotates: bool, in_body: bool) -> None:
        session = chosen(self.model.live(), pick)
        while len(session.chain) <= back:
            self.acting.refreshed(session, len(session.chain) - 1, rotates=True, in_body=True)
        self.clock.move(seconds)
        self.acting.refreshed(session, len(session.chain) - 1 - back, rotates=rotates, in_body=in_body)

    @initialize(late=st.booleans(), in_body=st.booleans())
    def somebody_whose_answer_is_lost(self, late: bool, in_body: bool) -> None:
        """At both edges of the grace in each run: chance alone comes by too seldom."""
        self.acting.lose_an_answer(self.acting.registered(Role.PATIENT), late=late, in_body=in_body)

    @rule(who=people, late=st.booleans(), in_body=st.booleans())
    def lose_an_answer(self, who: Person, late: bool, in_body: bool) -> None:
        if who.active:
            self.acting.lose_an_answer(who, late=late, in_body=in_body)

    @rule(session=opened, everywhere=st.booleans())
    def logout(self, session: Opened, everywhere: bool) -> None:
        passed = self.acting.passed(session)
        if passed:
            sessions.logout(self.auth, passed.actor, everywhere=everywhere)
            for ended in self.model.of(session.owner) if everywhere else [session]:
                ended.live = False

    @rule(session=opened)
    def change_password(self, session: Opened) -> None:
        passed = self.acting.passed(session)
        if passed:
            password = f"correct horse {next(numbers)}"
            own_account.change_credentials(self.auth, passed.actor, None, password)
            session.owner.passwords.append(password)
            self.model.end_all(session.owner)

    @rule(who=people)
    def deactivate(self, who: Person) -> None:
        administration.set_active(self.auth, ADMINISTRATOR, str(who.id), active=False)
        who.active = False
        self.model.end_all(who)

    @precondition(lambda self: self.model.inactive())
    @rule(pick=PICK)
    def reactivate(self, pick: int) -> None:
        who = chosen(self.model.inactive(), pick)
        administration.set_active(self.auth, ADMINISTRATOR, str(who.id), active=True)
        who.active = True

    @rule(who=people, approved=st.booleans())
    def decide(self, who: Person, approved: bool) -> None:
        if who.role is Role.PATIENT:
            with pytest.raises(Conflict):
                administration.decide_approval(self.auth, ADMINISTRATOR, str(who.id), ApprovalDecision(approved))
            return
        administration.decide_approval(self.auth, ADMINISTRATOR, str(who.id), ApprovalDecision(approved))
        who.approved = approved

    @rule(seconds=WAITS)
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds)

    @invariant()
    def exactly_those_tokens_hold_that_should(self) -> None:
        for session in self.model.sessions:
            passed = self.acting.passed(session)
            for token in (*session.chain, *session.copies):
                self.acting.enters(token, TokenType.REFRESH, session.live)
                self.acting.refused(token, TokenType.ACCESS)
            self.acting.refused(session.access, TokenType.REFRESH)
            if passed:
                shown = own_account.read_own_account(self.auth, passed.actor)
                assert (shown.id, shown.names.email) == (session.owner.id, session.owner.email)
                assert shown.is_active
                assert passed.actor.is_approved is shown.is_approved is not session.owner.waits

    @invariant()
    def nobody_is_active_or_approved_unless_somebody_said_so(self) -> None:
        for who in self.model.people:
            shown = administration.read_account(self.auth, ADMINISTRATOR, str(who.id))
            assert (shown.is_active, shown.is_approved) == (who.active, not who.waits)
            live = self.auth.sessions.sessions(who.id, int(self.clock.now().timestamp()))
            assert len(live) == sum(session.live for session in self.model.of(who))


def test_whatever_people_do_exactly_the_right_tokens_hold(aws: None) -> None:
    clock, table = Clock(), TABLES["ACCOUNTS_TABLE"]
    tokens = Tokens(partial(read_token_keys, SECRET), clock.now)
    store, gate = AccountStore(table, TABLES["CLINIC_TABLE"]), SessionStore(table)
    attempts = LoginRateLimiter(
        store=AddressRateStore(table), calls=UNLIMITED, failures=UNLIMITED, pepper=tokens.pepper, now=clock.now
    )
    entry = Authenticator(gate, tokens, UNLIMITED, clock.now)
    mails, pictures, own_data = (
        MailQueue(os.environ["MAIL_QUEUE_URL"]),
        ProfilePictures(BUCKET),
        PersonalDataQueue(os.environ["OWN_DATA_QUEUE_URL"]),
    )
    lists = AccountListStore(table, store)
    access = Access(CareStore(TABLES["CLINIC_TABLE"]), clock.now)
    auth = AuthDeps(
        accounts=store,
        lists=lists,
        sessions=gate,
        authenticator=entry,
        tokens=tokens,
        login_limiter=attempts,
        mails=mails,
        undo_tokens=UndoTokenStore(table),
        pictures=pictures,
        personal_data=own_data,
        access=access,
        now=clock.now,
        fresh_id=fresh_id,
    )

    class Machine(Accounts):
        def __init__(self) -> None:
            super().__init__(auth, clock)

    run_state_machine_as_test(Machine, settings=RUNS)
