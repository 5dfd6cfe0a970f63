"""Which known symptoms a free text tells of, and which it denies.

A symptom is denied only if "no", "not", "without" and the like stand right before it, with nothing between but filling
words, or if it is joined by "or" to one that is. Anything less clear counts as told: a needless warning does less harm
than a missing one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|\n")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = _words(
    "no not without denies denied deny denying never neither none isn't aren't wasn't don't doesn't didn't haven't "
    "hasn't hadn't"
)
FILLERS = _words(
    "a an any the of or nor more longer sign signs symptom symptoms known history have has had having feel feels "
    "feeling been got current currently"
)
JOINING = _words("or nor")
# "No fever until today" tells of a fever.
UNDENYING = _words("until till unless except before when while at if")


def told(text: str | None, said: Mapping[str, Iterable[Sequence[str]]]) -> frozenset[str]:
    """The ids whose words stand in the text undenied. `said`: id → phrases, each as its tokens."""
    tokens = tokenise(text or "")
    places = sorted(
        (start, len(phrase), symptom)
        for symptom, phrases in said.items()
        for phrase in phrases
        for start in _starts(tokens, phrase)
    )
    found: set[str] = set()
    denied: set[int] = set()
    """Indices of tokens that belong to denied symptoms."""
    for start, length, symptom in places:
        if _is_denied(tokens, start, length, denied):
            denied.update(range(start, start + length))
        else:
            found.add(symptom)
    return frozenset(found)


def tokenise(text: str) -> tuple[str, ...]:
    """Lower-case words; punctuation and line ends as tokens of their own, for they end a denial."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("-", " ").casefold()
    return tuple(_TOKEN.findall("\n".join(plain.splitlines())))


def _starts(tokens: Sequence[str], phrase: Sequence[str]) -> list[int]:
    length = len(phrase)
    return [
        start
        for start, token in enumerate(tokens)
        if token == phrase[0] and tuple(tokens[start : start + length]) == tuple(phrase)
    ]


def _is_denied(tokens: Sequence[str], start: int, length: int, denied: set[int]) -> bool:
    after = start + length
    if after < len(tokens) and tokens[after] in UNDENYING and tuple(tokens[after : after + 2]) != ("at", "all"):
        return False
    if start in denied:
        return True  # "severe sudden headache" holds "sudden headache"
    before = start - 1
    while before >= 0 and before not in denied and tokens[before] in FILLERS:
        before -= 1
    if before < 0:
        return False
    if before in denied:
        return not JOINING.isdisjoint(tokens[before + 1 : start])
    doubled = before > 0 and tokens[before - 1] in NEGATIONS
    return tokens[before] in NEGATIONS and not doubled
