"""Tokens that hold, and every way in which one may not."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from scanward.domain.ids import to_uuid
from scanward.domain.tokens import (
    ANNOUNCEMENT_SECONDS,
    RETENTION_SECONDS,
    Claims,
    SigningKey,
    TokenKeys,
    TokenType,
    rotate_token_keys,
)
from scanward.errors import InvalidCursor, NotAuthenticated, NotFound, TokenOver, Unavailable
from scanward.security.tokens import AUDIENCE, ISSUER, LEEWAY, REFETCH_AFTER, Tokens

KEY, NEXT_KEY = "first key, long enough for any of them. " * 2, "second key, as long as the first. " * 2


def now() -> datetime:
    """Return this second: PyJWT has a clock of its own, so a time taken when the file was read would be stale."""
    return datetime.now(UTC).replace(microsecond=0)


class Keyring:
    """Keys that can be rotated, counting how often they are read."""

    def __init__(self) -> None:
        self.keys = TokenKeys((SigningKey("k1", KEY),))
        self.reads = 0

    def read(self) -> TokenKeys:
        self.reads += 1
        return self.keys


class Clock:
    """A time that stands until it is moved."""

    def __init__(self) -> None:
        self.time = now()

    def now(self) -> datetime:
        return self.time


def payload(**changes: Any) -> dict[str, Any]:
    """Claim that would hold, with changes; a None takes one away."""
    time = int(now().timestamp())
    good: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "typ": "access",
        "sub": "7",
        "sid": "s",
        "jti": "j",
        "iat": time,
        "exp": time + 3600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(claims: dict[str, Any], key: str = KEY, kid: str = "k1", **headers: Any) -> str:
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid, **headers})


def bare(header: dict[str, Any]) -> str:
    """Return a token with a header of one's own and no signature."""
    parts = (json.dumps(header).encode(), json.dumps(payload()).encode(), b"")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


FORGERS_KEY = "a forger's key, as long as the others. " * 2
FORGERS_JWK = {"kty": "oct", "k": base64.urlsafe_b64encode(FORGERS_KEY.encode()).decode().rstrip("=")}


def signed_by_its_own_pair() -> str:
    """Return a token that brings the public key along which its signature fits."""
    pair = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(RSAAlgorithm.to_jwk(pair.public_key()))
    return jwt.encode(payload(), pair, algorithm="RS256", headers={"kid": "k1", "jwk": jwk})


def signed_by_hand(key: str) -> str:
    """Return a token signed with a text that PyJWT would take for no key."""
    text = bare({"alg": "HS256", "kid": "k1"}).rstrip(".")
    mac = hmac.digest(key.encode(), text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(Keyring().read, Clock().now)


@pytest.mark.parametrize("kind", list(TokenType))
def test_a_token_is_what_it_was_issued_as_and_nothing_else(tokens: Tokens, kind: TokenType) -> None:
    claims = Claims(7, "session", "jti", 9 if kind is TokenType.TASK else None)
    token = tokens.issue(kind, claims)
    assert tokens.verify(token, kind) == claims
    for other in set(TokenType) - {kind}:
        with pytest.raises(NotAuthenticated):
            tokens.verify(token, other)


def test_the_crafted_token_of_these_tests_would_hold(tokens: Tokens) -> None:
    assert tokens.verify(signed(payload()), TokenType.ACCESS) == Claims(7, "s", "j")


def in_hours(hours: int) -> int:
    return int((now() + timedelta(hours=hours)).timestamp())


@pytest.mark.parametrize(
    "make",
    [
        *(partial(lambda name: signed(payload(**{name: None})), name) for name in payload()),
        lambda: signed(payload(exp=in_hours(-1))),
        lambda: signed(payload(iat=in_hours(1))),
        lambda: signed(payload(nbf=in_hours(1))),
        lambda: signed(payload(iss="elsewhere")),
        lambda: signed(payload(aud="elsewhere")),
        lambda: signed(payload(sub="../7")),
        lambda: signed(payload(sub=7)),
        lambda: signed(payload(typ="ACCESS")),
        lambda: signed(payload(), key=NEXT_KEY),
        lambda: signed(payload(), kid="../k1"),
        lambda: signed(payload(), kid=""),
        lambda: jwt.encode(payload(), KEY, algorithm="HS256"),
        lambda: jwt.encode(payload(), KEY, algorithm="HS512", headers={"kid": "k1"}),
        lambda: bare({"alg": "none", "typ": "JWT", "kid": "k1"}),
        lambda: bare({"alg": "HS256", "kid": ["k1"]}),
        *(lambda alg=alg: bare({"alg": alg, "kid": "k1"}) for alg in ("None", "NONE", "", "HS256", "RS256")),
        lambda: bare({"kid": "k1"}),
        lambda: signed(payload(), key=FORGERS_KEY, jwk=FORGERS_JWK),
        lambda: signed(payload(), key=FORGERS_KEY, kid=FORGERS_JWK["k"], jwk=FORGERS_JWK),
        lambda: jwt.encode(payload(), FORGERS_KEY, algorithm="HS256", headers={"jwk": FORGERS_JWK}),
        signed_by_its_own_pair,
        lambda: signed(payload(), kid="k2"),
        lambda: signed(payload(), kid="K1"),
        *(lambda public=public: signed_by_hand(public) for public in ("", ISSUER, AUDIENCE, "k1", "7")),
        lambda: signed(payload(), key=NEXT_KEY, jku="https://elsewhere.example.org/keys"),
        lambda: "",
        lambda: "a.b.c",
        lambda: "..",
        lambda: "é.é.é",
        lambda: "x" * 100_000,
        lambda: signed(payload(pad="x" * 4000)),
    ],
)
def test_a_token_that_does_not_hold_is_refused_in_the_same_words(tokens: Tokens, make: Callable[[], str]) -> None:
    with pytest.raises(NotAuthenticated) as refusal:
        tokens.verify(make(), TokenType.ACCESS)
    assert refusal.value.message == "Not authenticated"


def test_the_token_signed_by_hand_would_hold_by_the_right_key(tokens: Tokens) -> None:
    assert tokens.verify(signed_by_hand(KEY), TokenType.ACCESS).account_id == 7


def test_each_key_signs_under_its_own_id_alone() -> None:
    keyring = Keyring()
    keyring.keys = TokenKeys((SigningKey("k1", KEY), SigningKey("k2", NEXT_KEY)))
    tokens = Tokens(keyring.read, Clock().now)
    for key, kid, holds in ((KEY, "k1", True), (NEXT_KEY, "k2", True), (KEY, "k2", False), (NEXT_KEY, "k1", False)):
        if holds:
            assert tokens.verify(signed(payload(), key, kid), TokenType.ACCESS).account_id == 7
        else:
            with pytest.raises(NotAuthenticated):
                tokens.verify(signed(payload(), key, kid), TokenType.ACCESS)


def test_token_is_over_only_where_its_signature_holds(tokens: Tokens) -> None:
    with pytest.raises(TokenOver):
        tokens.verify(signed(payload(exp=in_hours(-1))), TokenType.ACCESS)
    with pytest.raises(NotAuthenticated) as refusal:
        tokens.verify(signed(payload(exp=in_hours(-1)), key=FORGERS_KEY), TokenType.ACCESS)
    assert type(refusal.value) is NotAuthenticated


def in_parts(header: bytes, claims: bytes) -> str:
    parts = (header, claims, b"no signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(
    "make",
    [
        lambda: "",
        lambda: "a.b.c",
        lambda: "é.é.é",
        lambda: signed({"typ": "cursor", "last": "7", "scope": "users"}, key=NEXT_KEY),
        lambda: signed({"typ": "cursor", "last": "7", "scope": "tasks"}),
        lambda: signed({"typ": "cursor", "last": "7", "scope": "users", "pad": "x" * 4000}),
        lambda: signed(payload()),
        lambda: in_parts(b'{"alg": "HS256"}', json.dumps({"typ": "cursor", "pad": "x" * 2100}).encode()),
        lambda: in_parts(b'{"alg": "none"}', b"{}"),
        lambda: in_parts(b"[" * 1300, b"{}"),
    ],
)
def test_a_cursor_that_we_did_not_give_or_not_for_this_list_is_refused(tokens: Tokens, make: Callable[[], str]) -> None:
    assert tokens.read_cursor(tokens.cursor(7, "users"), "users") == 7
    with pytest.raises(InvalidCursor):
        tokens.read_cursor(make(), "users")


def test_clocks_may_differ_by_the_leeway_and_no_more(tokens: Tokens) -> None:
    just = int((datetime.now(UTC) - LEEWAY).timestamp())
    assert tokens.verify(signed(payload(exp=just + 15)), TokenType.ACCESS)
    with pytest.raises(NotAuthenticated):
        tokens.verify(signed(payload(exp=just - 1)), TokenType.ACCESS)


def test_a_rotated_key_is_found_and_garbage_does_not_ask_for_it_each_time() -> None:
    ring, clock = Keyring(), Clock()
    tokens = Tokens(ring.read, clock.now)
    old = tokens.issue(TokenType.ACCESS, Claims(7, "s", "j"))
    ring.keys = TokenKeys((SigningKey("k1", KEY), SigningKey("k2", NEXT_KEY)))
    new = signed(payload(), key=NEXT_KEY, kid="k2")
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            tokens.verify(new, TokenType.ACCESS)
    assert ring.reads == 1
    clock.time += REFETCH_AFTER
    assert tokens.verify(new, TokenType.ACCESS)
    assert tokens.verify(old, TokenType.ACCESS)
    assert ring.reads == 2
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            tokens.verify(signed(payload(), kid="k9"), TokenType.ACCESS)
    assert ring.reads == 2


def test_rotation_logs_nobody_out() -> None:
    """Two processes that read the keys at different times understand each other's tokens at every moment."""
    ring, clock = Keyring(), Clock()
    clock.time -= timedelta(hours=1)  # PyJWT has a clock of its own, which must not be behind
    early, late = Tokens(ring.read, clock.now), Tokens(ring.read, clock.now)
    shown = [early.issue(TokenType.REFRESH, Claims(7, "s", "j")), late.issue(TokenType.REFRESH, Claims(7, "s", "j"))]
    ring.keys = rotate_token_keys(ring.keys, SigningKey("k2", NEXT_KEY), int(clock.time.timestamp()))
    for step in range(2 * ANNOUNCEMENT_SECONDS // 10):
        clock.time += timedelta(seconds=10)
        speaker, hearer = (early, late) if step % 3 else (late, early)
        shown.append(speaker.issue(TokenType.REFRESH, Claims(7, "s", "j")))
        for token in shown:
            assert hearer.verify(token, TokenType.REFRESH) == Claims(7, "s", "j")
    kids = [jwt.get_unverified_header(token)["kid"] for token in shown]
    assert kids == sorted(kids)
    assert (kids[0], kids[-1]) == ("k1", "k2")


def test_a_retired_key_goes_when_its_last_token_has_expired() -> None:
    time = int(now().timestamp())
    keys = rotate_token_keys(TokenKeys((SigningKey("k1", KEY),)), SigningKey("k2", NEXT_KEY), time)
    ends = time + ANNOUNCEMENT_SECONDS + RETENTION_SECONDS
    assert (keys.verifying("k1", ends - 1), keys.verifying("k1", ends)) == (KEY, None)
    assert keys.verifying("k2", ends) == NEXT_KEY
    again = rotate_token_keys(keys, SigningKey("k3", "third"), ends)
    assert [key.id for key in again.keys] == ["k2", "k3"]


def test_keys_at_hand_hold_while_they_cannot_be_read() -> None:
    ring, clock = Keyring(), Clock()
    tokens = Tokens(ring.read, clock.now)
    token = tokens.issue(TokenType.ACCESS, Claims(7, "s", "j"))

    def refuse() -> TokenKeys:
        raise Unavailable

    tokens._read_keys = refuse
    clock.time += timedelta(minutes=10)
    assert tokens.verify(token, TokenType.ACCESS)


def test_a_task_is_named_by_its_id_or_its_token(tokens: Tokens) -> None:
    token = tokens.issue(TokenType.TASK, Claims(7, "s", "j", 9))
    assert tokens.task_id("9") == tokens.task_id(str(to_uuid(9))) == tokens.task_id(token) == 9
    for other in (tokens.issue(TokenType.ACCESS, Claims(7, "s", "j")), "a.b.c", "", signed(payload(typ="task"))):
        with pytest.raises(NotFound):
            tokens.task_id(other)
