"""What a role of the template may do to items of a table, worked out as IAM does: neither moto nor the embedded cloud
knows the keys that a request names (`dynamodb:LeadingKeys`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]
LEADING_KEYS, ATTRIBUTES = "dynamodb:LeadingKeys", "dynamodb:Attributes"


class Verdict(StrEnum):
    """DENIED is said by a statement, and holds whatever else is allowed; NOT_ALLOWED by none."""

    ALLOWED = "ALLOWED"
    NOT_ALLOWED = "NOT_ALLOWED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """One call: an action such as `PutItem`, the logical id of a table, the partition keys that it names, and the
    attributes that it reads or writes.
    """

    action: str
    table: str
    keys: Sequence[str]
    attributes: Sequence[str] = ("pk", "sk", "at_ms")


def role_statements(template: Mapping[str, Any], role: str) -> Iterator[Statement]:
    """Yield the statements of a role's own policies, and of the template's that it refers to."""
    resources = template["Resources"]
    properties = resources[role]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    names = [name for name in properties.get("ManagedPolicyArns", ()) if name in resources]
    documents += [resources[name]["Properties"]["PolicyDocument"] for name in names]
    for document in documents:
        for statement in document["Statement"]:
            yield from _branches(statement)


def _branches(statement: Any) -> Iterator[Statement]:
    """Yield a statement; of one that depends on a condition of the template (`[name, this, or that]`), each form."""
    if isinstance(statement, list):
        for part in statement[1:]:
            yield from _branches(part)
    elif isinstance(statement, dict):
        yield statement


def evaluate(statements: Sequence[Statement], request: ItemRequest) -> Verdict:
    """Return what IAM says: a denial goes before all that allows."""
    effects = {statement["Effect"] for statement in statements if _applies(statement, request)}
    if "Deny" in effects:
        return Verdict.DENIED
    return Verdict.ALLOWED if "Allow" in effects else Verdict.NOT_ALLOWED


def _applies(statement: Statement, request: ItemRequest) -> bool:
    actions, resources = _as_list(statement["Action"]), _as_list(statement["Resource"])
    if not any(fnmatchcase(f"dynamodb:{request.action}", action) for action in actions):
        return False
    if not {"*", f"{request.table}.Arn"} & {str(resource) for resource in resources}:
        return False
    return all(
        _holds(operator, key, _as_list(patterns), request)
        for operator, conditions in statement.get("Condition", {}).items()
        for key, patterns in conditions.items()
    )


def _holds(operator: str, key: str, patterns: Sequence[str], request: ItemRequest) -> bool:
    assert key in {LEADING_KEYS, ATTRIBUTES}, f"a condition that this evaluator does not know: {key}"
    values = request.keys if key == LEADING_KEYS else request.attributes
    matches = [any(fnmatchcase(value, pattern) for pattern in patterns) for value in values]
    answers = {
        "ForAllValues:StringLike": all(matches),
        "ForAnyValue:StringLike": any(matches),
        "ForAnyValue:StringNotEquals": any(value not in patterns for value in values),
    }
    assert operator in answers, f"an operator that this evaluator does not know: {operator}"
    return answers[operator]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
