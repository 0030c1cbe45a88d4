from __future__ import annotations

import pytest

from policy.app.runs.comparing import (
    KINDS,
    compare_model,
    compare_run,
    compare_version,
    is_prompt,
    name_logged_model,
    report_lost,
)
from policy.app.runs.remote_runs import RemoteModel, RemoteRun, RemoteVersion
from policy.model.mlflow_settings import Binding
from tests.records.runs.made import MANIFEST, make_row, name_run

RUN = name_run(0)
DECISION = "sha256:" + "4" * 64
ROW = make_row(decision=DECISION)
TAGS = {
    "policy.state": "admitted",
    "policy.verdict": "allow",
    "policy.decision": DECISION,
    "policy.request": "r-abcdefgh",
    "ml-manifest.digest": MANIFEST,
    "mlflow.runName": "one",
}
BINDING = Binding(names=("support-*",), ids=(), projects=("support-*",), models=("support-*",))
VERSION = RemoteVersion("support-bot", "3", RUN, "mlflow-artifacts:/7/x/artifacts/model", "", {})


def make_run(status="FINISHED", experiment="7", **tags):
    return RemoteRun(RUN, experiment, status, {**TAGS, **tags})


def list_kinds(found):
    kinds = [finding.kind for finding in found]
    assert set(kinds) <= set(KINDS)
    return kinds


@pytest.mark.parametrize("status", ["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED", "", "odd"])
def test_a_run_as_it_was_admitted(status):
    assert [*compare_run(make_run(status), ROW)] == []


def test_a_run_on_no_record():
    (found,) = compare_run(make_run(), None)
    assert (found.kind, found.run, found.experiment) == ("unrecorded-run", RUN, "7")
    assert found.message == f"the run {RUN} is on no record: it never met the gate"


@pytest.mark.parametrize("state", ["held", "refused", "reopened"])
@pytest.mark.parametrize("status", ["RUNNING", "FINISHED", "SCHEDULED", "FAILED", "KILLED"])
def test_a_run_that_must_not_run(state, status):
    run = make_run(status, **{"policy.state": state})
    kind = "reopened-run" if state == "reopened" else "unadmitted-run"
    expected = [kind] if status in ("RUNNING", "FINISHED") else []
    assert list_kinds(compare_run(run, ROW._replace(state=state))) == expected


def test_a_run_that_trains_nothing():
    row = ROW._replace(state="unjudged", activity="baseline", verdict="", decision="", manifest="")
    run = RemoteRun(RUN, "7", "FINISHED", {"policy.state": "unjudged"})
    assert [*compare_run(run, row)] == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("policy.state", "held", "its tag `policy.state` is `held`, and by the ledger `admitted`"),
        ("policy.verdict", "block", "its tag `policy.verdict` is `block`, and by the ledger `allow`"),
        ("policy.decision", "", f"its tag `policy.decision` is nothing, and by the ledger `{DECISION}`"),
        ("ml-manifest.digest", "x" * 9000, f"its tag `ml-manifest.digest` is `{'x' * 80}…`, and by the ledger"),
    ],
)
def test_a_tag_that_says_something_else(key, value, said):
    (found,) = compare_run(make_run(**{key: value}), ROW)
    assert found.kind == "differing-run"
    assert said in found.message
    assert len(found.message) < 400


def test_a_tag_that_is_gone_or_that_the_ledger_does_not_have():
    run = RemoteRun(RUN, "7", "FINISHED", {})
    (found,) = compare_run(run, ROW)
    assert [f"`{key}` is nothing" in found.message for key in TAGS] == [True, True, True, False, True, False]
    (found,) = compare_run(make_run(), ROW._replace(decision=""))
    assert f"`policy.decision` is `{DECISION}`, and by the ledger nothing" in found.message


def test_a_child_has_the_manifest_of_its_parent_and_need_not_name_it():
    tags = {key: value for key, value in TAGS.items() if key != "ml-manifest.digest"}
    child = ROW._replace(parent=name_run(9))
    assert [*compare_run(RemoteRun(RUN, "7", "RUNNING", tags), child)] == []
    assert list_kinds(compare_run(make_run(**{"ml-manifest.digest": "sha256:0"}), child)) == ["differing-run"]


def test_a_run_that_was_moved():
    (found,) = compare_run(make_run(experiment="8"), ROW)
    assert found.message.endswith("it is in the experiment 8, and was judged in 7")


def test_all_that_is_wrong_with_a_run_is_said():
    run = make_run("RUNNING", experiment="8")
    assert list_kinds(compare_run(run, ROW._replace(state="held"))) == ["unadmitted-run", "differing-run"]


def test_a_run_that_is_gone():
    found = report_lost(ROW._replace(state="refused"))
    assert (found.kind, found.run, found.experiment) == ("lost-run", RUN, "7")
    assert "is refused by the ledger" in found.message


def test_logged_models():
    assert [*compare_model(RemoteModel("m-1", RUN), ROW, "7")] == []
    (found,) = compare_model(RemoteModel("m-1", RUN), None, "7")
    assert (found.kind, found.run, found.experiment) == ("unadmitted-model", RUN, "7")
    (found,) = compare_model(RemoteModel("m-1", ""), None, "7")
    assert found.message.endswith("it names no run")


def test_a_version_of_an_admitted_run():
    assert [*compare_version(VERSION._replace(stage="Production"), ROW, BINDING, ["champion"])] == []


def test_a_version_that_is_older_than_a_change_of_its_run():
    found = [*compare_version(VERSION, ROW, BINDING, ["champion"], is_current=False)]
    assert list_kinds(found) == ["unadmitted-version", "unadmitted-alias"]
    assert all("was changed after it was made" in one.message for one in found)


@pytest.mark.parametrize(
    ("run", "row", "said"),
    [
        ("", None, "it names no run"),
        (RUN, None, "is on no record"),
        (RUN, ROW._replace(state="held"), "is held"),
        (RUN, ROW._replace(state="refused"), "is refused"),
        (RUN, ROW._replace(state="reopened"), "is reopened"),
        (RUN, ROW._replace(state="unjudged"), "is unjudged"),
        (RUN, ROW._replace(activity="baseline"), "was admitted as `baseline` only"),
        (RUN, ROW._replace(project="billing"), "is one of `billing`"),
    ],
)
def test_a_version_of_no_admitted_run_with_its_aliases(run, row, said):
    version = VERSION._replace(run=run, stage="Staging")
    found = [*compare_version(version, row, BINDING, ["a", "b"])]
    assert list_kinds(found) == ["unadmitted-version", *["unadmitted-alias"] * 3]
    assert all(said in one.message and (one.model, one.version) == ("support-bot", "3") for one in found)
    assert [word in one.message for one, word in zip(found[1:], ("`a`", "`b`", "`Staging`"), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"run": RUN}, False),
        ({"source": "s3://elsewhere"}, False),
        ({"tags": {}}, False),
        ({"tags": {"mlflow.prompt.is_prompt": "false"}}, False),
    ],
)
def test_a_prompt_holds_no_model(changes, expected):
    prompt = VERSION._replace(run="", source="prompt-template", tags={"mlflow.prompt.is_prompt": "true"})
    assert is_prompt(prompt._replace(**changes)) == expected


@pytest.mark.parametrize(
    ("source", "named"),
    [("models:/m-1", "m-1"), ("models:/bot/3", ""), ("models:/", ""), ("runs:/m-1", ""), ("", "")],
)
def test_the_logged_model_of_a_version(source, named):
    assert name_logged_model(VERSION._replace(source=source)) == named
