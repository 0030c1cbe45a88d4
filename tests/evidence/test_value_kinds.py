from __future__ import annotations

from datetime import date

import pytest

from policy.errors import Problem
from policy.evidence.value_kinds import find_misfit, is_of_kind
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import INTEGER, PATH, list_of
from policy.model.money import Money

ROW = {"path": Fact("path", "a.jsonl"), "rows": Fact("rows", 5)}

FITTING = [
    ("project", "a"),
    ("approach", "rag"),
    ("needs.citations", False),
    ("data.rows", 5),
    ("training.epochs", 3),
    ("training.epochs", 3.5),
    ("data.change_interval", 86_400_000),
    ("release.retires", date(2026, 1, 2)),
    ("cost.run", Money(3.0, "EUR")),
    ("purpose", Members(("style",), complete=False)),
    ("data.sources", Members((ROW, {}), complete=True)),
    ("data.sources", ABSENT),
    ("model.revision", ABSENT),
]


@pytest.mark.parametrize(("path", "value"), FITTING)
def test_what_fits(path, value):
    assert find_misfit([Fact(path, value, "observed")], [Problem("a")], SCHEMA) == ""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("project", 5),
        ("project", None),
        ("needs.citations", 1),
        ("needs.citations", "true"),
        ("data.rows", True),
        ("data.rows", 5.0),
        ("data.rows", "5"),
        ("training.epochs", "3"),
        ("data.change_interval", "30d"),
        ("release.retires", "2026-01-02"),
        ("cost.run", (3.0, "EUR")),
        ("purpose", "style"),
        ("purpose", ["style"]),
        ("purpose", Members((5,), complete=True)),
        ("data.sources", [ROW]),
        ("data.sources", Members(("a.jsonl",), complete=True)),
        ("data.sources", Members(({"path": "a.jsonl"},), complete=True)),
        ("data.sources", Members(({"pth": Fact("pth", "a")},), complete=True)),
        ("data.sources", Members(({"rows": Fact("rows", "5")},), complete=True)),
    ],
)
def test_what_does_not_fit(path, value):
    said = find_misfit([Fact("project", "a"), Fact(path, value, "observed")], [], SCHEMA)
    assert said == f"`{path}` is a {type(value).__name__}, not {SCHEMA.fields[path].kind.describe()}"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("training.epochs", float("nan"), "out of range for a number"),
        ("training.epochs", float("inf"), "out of range for a number"),
        ("training.epochs", float("-inf"), "out of range for a number"),
        ("training.epochs", 10**400, "out of range for a number"),
        ("data.rows", -1, "out of range for a whole number"),
        ("data.rows", 2**53 + 1, "out of range for a whole number"),
        ("training.seed", -(2**53) - 1, "out of range for a whole number"),
        ("data.duplicate_rate", 1.5, "out of range for a number"),
        ("data.change_interval", -1, "out of range for a duration, "),
        ("approach", "guessing", "not one of fine-tuning, rag, "),
        ("approach", "", "not one of fine-tuning, rag, "),
        ("purpose", Members(("style", "fun"), complete=True), "possible for no such list: "),
        ("cost.run", Money(float("nan"), "EUR"), "out of range for an amount of money, "),
        ("cost.run", Money(-3.0, "EUR"), "out of range for an amount of money, "),
        ("cost.run", Money("3", "EUR"), "out of range for an amount of money, "),  # type: ignore[arg-type]
        ("data.sources", Members(({"rows": Fact("rows", -5)},), complete=True), "possible for no such list: "),
        ("data.sources", Members(({"split": Fact("split", "dev")},), complete=True), "possible for no such list: "),
    ],
)
def test_what_is_of_the_type_and_yet_no_value(path, value, said):
    found = find_misfit([Fact(path, value, "observed")], [], SCHEMA)
    assert found.startswith(f"`{path}` holds a value that is {said}")


def test_a_fact_that_is_no_field_and_an_origin_that_is_none():
    assert find_misfit([Fact("data.rowz", 5)], [], SCHEMA) == "`data.rowz` is no field"
    said = find_misfit([Fact("data.rows", 5, "guessed")], [], SCHEMA)
    assert said.startswith("`data.rows` has the origin `guessed`, not one of observed, ")


def test_what_is_not_in_the_form_of_a_fact_or_problem_is_looked_at_no_further():
    assert find_misfit([5], [], SCHEMA) == "a fact is not one: int"  # type: ignore[list-item]
    assert find_misfit([], [None], SCHEMA) == "a problem is not one: NoneType"


def test_plain_values_are_those_that_could_be_written():
    assert is_of_kind(list_of(INTEGER), [1, 2])
    assert is_of_kind(list_of(INTEGER), ())
    assert is_of_kind(PATH, "a//b")
    assert not is_of_kind(list_of(INTEGER), [1, "2"])
    assert not is_of_kind(list_of(INTEGER), ABSENT)
    assert not is_of_kind(INTEGER, ABSENT)
    assert not is_of_kind(PATH, "")
