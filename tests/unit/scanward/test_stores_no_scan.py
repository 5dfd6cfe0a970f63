"""No table is ever read from end to end: nothing calls for it, and no role may."""

import ast
from collections.abc import Iterator
from typing import Any

from tests.support.cloud import ROOT, template

SOURCES = sorted(path for folder in ("functions", "layers", "infra") for path in (ROOT / folder).rglob("*.py"))
READS_ALL = {"scan", "rate_limited_scan", "parallel_scan", "execute_statement"}


def calls(source: str) -> Iterator[str]:
    """Yield the names of the methods that a source calls, but for those that spell keys."""
    called = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for method in called:
        if isinstance(method, ast.Attribute) and ast.unparse(method) != "keys.scan":
            yield method.attr


def words(node: Any) -> Iterator[str]:
    """Yield every text in a part of the template."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from words(part)


def test_a_table_scan_is_found_where_there_is_one() -> None:
    assert READS_ALL & set(calls("for item in Item.scan(limit=1): print(client.execute_statement())")) == {
        "scan",
        "execute_statement",
    }


def test_no_source_reads_a_whole_table() -> None:
    assert SOURCES
    assert [str(path) for path in SOURCES if READS_ALL & set(calls(path.read_text()))] == []


def test_no_role_may_read_a_whole_table() -> None:
    roles = [one for one in template()["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    allowed = {word for word in words(roles) if word.startswith("dynamodb:")}
    assert "dynamodb:Query" in allowed
    assert not {word for word in allowed if "Scan" in word or "PartiQL" in word or "*" in word}
