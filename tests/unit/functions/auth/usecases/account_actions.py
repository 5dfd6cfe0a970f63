"""Carries out on the use-cases what people do, and says what the rules say of it."""

from itertools import count

import pytest

from functions.auth.usecases import registration, sessions
from functions.auth.usecases.dependencies import AuthDeps
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import Login
from scanward.domain.accounts import Actor, Names, Profile, Role
from scanward.domain.tokens import TokenType
from scanward.errors import InvalidRefreshToken, NotAuthenticated
from scanward.security.authentication import AuthContext
from tests.unit.functions.auth.usecases.account_rules import GRACE, AccountRules, Clock, Opened, Person

ADDRESS = "192.0.2.1"
ADMINISTRATOR = Actor(1, Role.ADMIN, True, "session")

numbers = count()


class Acting:
    """The system, its clock, and what the rules know of both."""

    def __init__(self, auth: AuthDeps, clock: Clock) -> None:
        self.auth, self.clock, self.model = auth, clock, AccountRules()

    def registered(self, role: Role) -> Person:
        email, password = f"{next(numbers)}@example.org", "correct horse"
        wanted = Registration(role, Names(email=email), Profile(), password)
        account = registration.register(self.auth, ADDRESS, wanted)
        who = Person(account.id, email, role, [password])
        assert account.is_approved is not who.waits
        self.model.people.append(who)
        return who

    def signed_in(self, who: Person, *, by_role: bool) -> Opened:
        shown = self.as_shown(who, who.passwords[-1], by_role)
        signed_in = sessions.login(self.auth, ADDRESS, shown)
        assert signed_in.account.id == who.id
        assert signed_in.account.is_approved is not who.waits
        session = Opened(who, signed_in.access, [signed_in.refresh])
        self.model.sessions.append(session)
        return session

    def as_shown(self, who: Person, password: str, by_role: bool) -> Login:
        """By role, as contract C logs in; else as the others do."""
        return Login("email", who.email, password, role=who.role if by_role else None, approved=by_role)

    def refreshed(self, session: Opened, place: int, *, rotates: bool, in_body: bool) -> None:
        token = session.chain[place]
        if not (session.live and session.holds(place, self.clock.now())):
            with pytest.raises(InvalidRefreshToken if in_body else NotAuthenticated):
                self.renewed(token, rotates, in_body)
            session.live = False
            return
        renewed = self.renewed(token, rotates, in_body)
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

    def lose_an_answer(self, who: Person, *, late: bool, in_body: bool) -> None:
        """Rotate a refresh token, and show it again in the grace's last second, and `late`, just behind it.

        The grace counts from the rotation: asking again does not draw it out.
        """
        session = self.signed_in(who, by_role=False)
        self.refreshed(session, 0, rotates=True, in_body=in_body)
        self.clock.move(GRACE)
        self.refreshed(session, 0, rotates=True, in_body=in_body)
        assert session.live
        self.clock.move(int(late))
        self.refreshed(session, 0 if late else 1, rotates=True, in_body=in_body)
        assert session.live is not late

    def renewed(self, token: str, rotates: bool, in_body: bool) -> sessions.RenewedTokens:
        if in_body:
            return sessions.renew_with_token(self.auth, token, rotates=rotates)
        return sessions.renew_tokens(
            self.auth, self.auth.authenticator.authenticate(token, TokenType.REFRESH), rotates=rotates
        )

    def passed(self, session: Opened) -> AuthContext | None:
        """Past the gate with the session's access token, or refused: as the rules say."""
        return self.enters(session.access, TokenType.ACCESS, session.live)

    def enters(self, token: str, kind: TokenType, holds: bool) -> AuthContext | None:
        if holds:
            return self.auth.authenticator.authenticate(token, kind)
        self.refused(token, kind)
        return None

    def refused(self, token: str, kind: TokenType) -> None:
        with pytest.raises(NotAuthenticated):
            self.auth.authenticator.authenticate(token, kind)
