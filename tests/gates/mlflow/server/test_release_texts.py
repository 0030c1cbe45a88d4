"""What is said of releases that are refused before any policy is asked, and of those that pass."""

from __future__ import annotations

from typing import Any

import pytest

from policy.app.runs.attempt import Admission, Attempt
from policy.app.runs.precedents import Precedent
from policy.gates.mlflow.server import release_texts
from policy.gates.mlflow.server.origins import Release
from policy.model.mlflow_settings import Binding
from tests.records.runs.made import make_row

RELEASE = Release("support-tone", "", "", "s3://bucket/m")
WATCHED = Binding(("support-*",), (), ("support-*",))
BOUND = Binding(("support-*",), (), ("support-a", "support-b"), models=("support-*",))


@pytest.mark.parametrize("state", [None, "held", "refused", "reopened", "unjudged"])
def test_each_state_is_said_with_what_helps(state):
    text = release_texts.say_state(make_row(state=state) if state else None)
    assert text.startswith(f"is {state}" if state else "never met the gate")
    assert any(word in text for word in ("begin ", "resume it"))


@pytest.mark.parametrize("state", ["held", "refused", "reopened"])
def test_nobody_is_told_to_resume_what_nothing_judges_again(state):
    for say in (release_texts.say_ungoverned, release_texts.say_lost):
        text = say(make_row(state=state))
        assert text.startswith(f"is {state}, and ")
        assert "register from a run that is admitted" in text
        assert "resume" not in text


def test_why_a_run_is_not_one_of_a_bound_model_is_said():
    assert "has no `models` that take `support-tone`" in release_texts.say_unbound(RELEASE, WATCHED, BOUND)
    text = release_texts.say_unbound(RELEASE, BOUND, BOUND)
    assert text == "and `support-tone` takes runs of support-a or support-b only: register it under another name"


@pytest.mark.parametrize(("recorded", "said"), [("sha256:12", " (decision sha256:12)"), ("", "")])
def test_what_passes_is_said_by_the_decision_that_is_on_record(recorded, said):
    row = make_row()
    admission = Admission(Attempt("7", "support", "ada"), BOUND, "admitted", "allow")
    if recorded:
        nothing: Any = None
        known = Precedent(nothing, nothing, nothing)
        known.recorded = recorded
        admission = admission._replace(precedent=known)
    assert release_texts.say_released(RELEASE, row, admission) == f"`support-tone` passes from its run {row.run}{said}"
