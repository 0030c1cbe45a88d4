from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from policy.errors import Location, Problem
from policy.evidence.forms import find_malformed, find_stray_reason
from policy.model.fact import ABSENT, Fact, Members

FACT: Any = Fact("data.rows", 5, "observed", "counts", Location("a.jsonl"), "0" * 64)
PROBLEM: Any = Problem("wrong", "mend it", Location("a.jsonl", 3, 1), (("here", Location("b")),), "warning")


class Odd(str):
    __slots__ = ()


@pytest.mark.parametrize(
    "fact",
    [
        FACT,
        Fact("data.rows", ABSENT, "observed"),
        Fact("evaluation.metrics", Members(("a",), complete=True), "observed"),
        Fact("data.sources", Members(({"path": FACT},), complete=False), "observed"),
    ],
)
def test_facts_in_their_form(fact):
    assert find_malformed([fact], [PROBLEM, Problem("wrong")]) == ""


@pytest.mark.parametrize(
    "fact",
    [
        *(FACT._replace(**{name: 5}) for name in ("path", "origin", "source", "location", "digest")),
        FACT._replace(source=Odd("counts")),
        FACT._replace(location="a.jsonl"),
        FACT._replace(location=Location("a.jsonl", "3")),  # type: ignore[arg-type]
        FACT._replace(location=Location("a.jsonl", -3)),
        FACT._replace(location=Location(5)),  # type: ignore[arg-type]
        FACT._replace(value=Members(["a"], complete=True)),  # type: ignore[arg-type]
        FACT._replace(value=Members(("a",), complete=1)),  # type: ignore[arg-type]
        FACT._replace(value=Members(({"path": FACT._replace(source=5)},), complete=True)),
    ],
)
def test_a_fact_of_which_a_part_is_not_right(fact):
    assert find_malformed([FACT, fact], []) == "a fact is not one: Fact, with a part of another type"


@pytest.mark.parametrize("fact", [5, None, "a.rows", tuple(FACT), SimpleNamespace(**FACT._asdict())])
def test_what_is_no_fact_at_all(fact):
    assert find_malformed([fact], []) == f"a fact is not one: {type(fact).__name__}"


@pytest.mark.parametrize(
    "problem",
    [
        PROBLEM._replace(message=5),
        PROBLEM._replace(remedy=None),
        PROBLEM._replace(level="fatal"),
        PROBLEM._replace(location=("a", 1, 1)),
        PROBLEM._replace(related=[]),
        PROBLEM._replace(related=((1, 2),)),
        PROBLEM._replace(related=(("here", Location("b", None)),)),  # type: ignore[arg-type]
        PROBLEM._replace(related=(("here",),)),
    ],
)
def test_a_problem_of_which_a_part_is_not_right(problem):
    said = find_malformed([], [PROBLEM, problem])
    assert said == "a problem is not one: Problem, with a part of another type"


@pytest.mark.parametrize(
    ("unavailable", "said"),
    [
        ({}, ""),
        ({"data.rows": "there is no file"}, ""),
        ({"data.rows": 5}, "its reason for `data.rows` is a int, no text"),
        ({"data.secrets": "no"}, "it says why 'data.secrets' could not be had, which is not among what it observes"),
        ({7: "no"}, "it says why 7 could not be had, which is not among what it observes"),
    ],
)
def test_reasons(unavailable, said):
    assert find_stray_reason(unavailable, ("data.rows",)) == said
