"""Changes, sides and counts in words."""

from __future__ import annotations

import pytest

from policy.errors import Location
from policy.model.gates import GATES
from policy.model.set_changes import Change, Line, PolicyChange, Responsible, SetChanges, VerdictCounts
from policy.reports.diff.view import SideView
from policy.reports.diff.wording import (
    label,
    list_other_gates,
    say_counts,
    say_extent,
    say_other_gates,
    say_places,
    say_responsible,
    say_side,
    say_values,
    say_whole,
)
from tests.reports.diff.views import CHANGES, CONTEXT, UNJUDGED

PLACE = Location("policy.yaml", 3, 1)
VALUES = {
    ("mode", "observe", "enforce", ()): "observe → enforce",
    ("effect", None, "block", ("ci",)): "not judged → block at ci",
    ("effect", "block", None, ("run", "release")): "block → not judged at run and release",
    ("effect", "flag", "hold", GATES): "flag → hold at every gate",
    ("from", None, "2027-01-01", ()): "at once → 2027-01-01",
    ("observed", "data.rows", None, ()): "data.rows → nothing",
    ("require, which means the same", None, None, ()): "",
}


@pytest.mark.parametrize("given", VALUES)
def test_values(given):
    key, old, new, gates = given
    assert say_values(Change(key, old, new, gates=gates)) == VALUES[given]


def test_lines_take_the_place_of_values():
    assert say_values(Change("require", "a", "b", lines=(Line("-", "a"),))) == ""


def test_what_only_one_has_is_said_without_an_arrow():
    assert say_whole(Change("effect", None, "block", gates=("ci",))) == "block at ci"
    assert say_whole(Change("effect", "block", None, gates=GATES)) == "block at every gate"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("params.least", "least"),
        ("effect", "a failure does"),
        ("require", "requires"),
        ("gates.ci.mode", "gates.ci.mode"),
    ],
)
def test_what_it_is_about(key, words):
    assert label(Change(key, None, None)) == words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, None, ""),
        (PLACE, None, "policy.yaml:3 → by default"),
        (None, PLACE, "by default → policy.yaml:3"),
        (PLACE, PLACE, "policy.yaml:3 → policy.yaml:3"),
    ],
)
def test_places(old, new, said):
    assert say_places(Change("mode", "a", "b", old_at=old, new_at=new)) == said


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        ("main (1a2b)", "policy.yaml", "main (1a2b), policy.yaml"),
        ("org/policy.yaml", "org/policy.yaml", "org/policy.yaml"),
        ("main (1a2b)", None, "main (1a2b), the catalogue as it is"),
    ],
)
def test_which_policy_set(name, file, said):
    assert say_side(SideView("OLD", "x", name, None, file, "")) == said


@pytest.mark.parametrize(
    ("responsible", "said"),
    [
        (Responsible("a", "pass", "fail", None, "block"), "pass → fail (block)"),
        (Responsible("a", None, "unknown", None, "flag"), "not judged → unknown (flag)"),
        (Responsible("a", "fail", "waived", "block", "would block"), "fail (block) → waived (would block)"),
    ],
)
def test_who_is_responsible(responsible, said):
    assert say_responsible(responsible) == said


def test_how_much_differs():
    worded = PolicyChange("a", "A", "changed", "neither", (), (Change("fix", None, "b"),))
    assert say_extent(SetChanges(known=4)) == "no change of meaning"
    assert say_extent(SetChanges((worded,), known=4)) == "no change of meaning; the wording of 1 of 4 policies differs"
    added = PolicyChange("b", "B", "added", "stricter")
    assert say_extent(SetChanges((worded, added), known=4)) == "changed: 1 of 4 policies · 1 stricter"


def test_denominators_are_always_there():
    counts = VerdictCounts()
    assert say_counts(counts, [], CONTEXT) == "no project to judge below here"
    assert say_counts(counts, UNJUDGED, CONTEXT).endswith("; 2 files could not be judged")
    counts.count("allow", "hold", otherwise=True)
    assert say_counts(counts, [], CONTEXT) == (
        "1 subject at the gate ci: 0 newly blocked, 1 newly held, 0 newly flagged, 0 freed, 0 unchanged; "
        "0 files could not be judged"
    )


@pytest.mark.parametrize(
    ("gate", "others"),
    [("check", ("commit", "ci", "release")), ("ci", ("commit",)), ("commit", ("ci", "release"))],
)
def test_gates_that_changes_are_about(gate, others):
    assert list_other_gates(CHANGES, gate) == others


def test_a_parameter_counts_at_the_gate_that_is_judged():
    param = Change("params.least", "3", "4", "stricter")
    assert list_other_gates(SetChanges((PolicyChange("a", "A", "changed", "stricter", (param,)),)), "check") == ()


def test_what_the_verdicts_leave_out_is_said_with_the_option_that_asks_for_it():
    counts = VerdictCounts()
    elsewhere = CONTEXT._replace(other_gates=("run", "release"))
    assert say_other_gates(counts, elsewhere) == ""
    counts.count("allow", "allow", otherwise=False)
    assert say_other_gates(counts, CONTEXT) == ""
    assert say_other_gates(counts, elsewhere) == (
        "the sets also differ at run and release, which these verdicts do not show: "
        "judge there with `--gate run` or `--gate release`"
    )
