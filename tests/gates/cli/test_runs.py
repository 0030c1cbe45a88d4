"""`policy runs`: runs on record, and a server that has something else."""

from __future__ import annotations

import json

import pytest

from policy.app.runs.comparing import KINDS
from policy.gates.cli.runs import STATES
from policy.gates.cli.runs_text import PLURALS, WORDS
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import DecisionRow
from policy.records.runs import rows
from policy.records.runs.recording import record_run
from tests.app.runs.tracking import make_run, make_version, start_tracking
from tests.records.runs.made import MANIFEST, SAID, draft_decision, make_row, name_run

SET = """\
policy_set: 1
ledger: sqlite:///ledger.db
mlflow:
  server: tracking
  experiments:
    - {name: support-*, project: support-*, models: [support-*]}
"""
TAGS = {"policy.state": "admitted", "policy.verdict": "allow", "ml-manifest.digest": MANIFEST}
GOOD, BASELINE, HELD, FORGED = map(name_run, range(4))


@pytest.fixture
def kept(plant, monkeypatch):
    """A ledger with three runs, and one of another server."""
    root = plant({"policy.yaml": SET})
    monkeypatch.setenv("HOME", str(root))
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    with create_ledger("sqlite:///ledger.db") as ledger:
        record_run(ledger, make_row(run=GOOD), SAID)
        record_run(ledger, make_row(run=BASELINE, activity="baseline", project="support-triage", verdict=""), SAID)
        record_run(ledger, make_row(run=HELD, state="held", verdict="hold", principal=""), SAID)
        record_run(ledger, make_row(run=GOOD, server="other"), SAID)
    return root


@pytest.fixture
def stub():
    """A server on which all is well."""
    with start_tracking() as server:
        experiments = ({"experiment_id": "7", "name": "support-a"}, {"experiment_id": "8", "name": "free"})
        server.tell("experiments/search", "experiments", *experiments)
        runs = (
            make_run(GOOD, **TAGS),
            make_run(BASELINE, **{**TAGS, "policy.verdict": ""}),
            make_run(HELD, "SCHEDULED", **{**TAGS, "policy.state": "held", "policy.verdict": "hold"}),
        )
        server.tell("runs/search", "runs", *runs)
        server.runs = {run["info"]["run_id"]: run for run in runs}
        versions = (make_version("support-tone", "1", GOOD), make_version("free", "1"))
        server.tell("model-versions/search", "model_versions", *versions)
        yield server


def compare(call, stub, *, code=1):
    found = call(f"runs compare {stub.url} -o json")
    assert (found.code, found.err) == (code, "")
    document = json.loads(found.out)
    assert sum(document["counts"].values()) == len(document["findings"])
    return document


def list_found(document):
    return [(one["kind"], one["run"]) for one in document["findings"]]


def test_words_and_choices_are_those_that_there_are():
    assert {*WORDS} == {*PLURALS} == {*KINDS}
    assert STATES == rows.STATES


@pytest.mark.usefixtures("kept")
def test_what_was_only_watched_is_said_with_what_its_decision_is(call):
    held = draft_decision("held", verdict="hold")
    assert isinstance(held.index, DecisionRow)
    with open_ledger("sqlite:///ledger.db") as ledger:
        record_run(ledger, make_row(run=FORGED, decision=held.index.decision_id), SAID, held)
    lines = call("runs list --state admitted").out.splitlines()
    watched = [line for line in lines if "only watched" in line]
    line = f"admitted  allow  training    tracking/{FORGED}  experiment 7  support-bot  ada"
    assert watched == [f"{line}  only watched: its decision is hold"]


@pytest.mark.usefixtures("kept")
def test_runs_on_record(call):
    found = call("runs list")
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines() == [
        f"admitted  allow  training    tracking/{GOOD}  experiment 7  support-bot  ada",
        f"admitted  -      baseline    tracking/{BASELINE}  experiment 7  support-triage  ada",
        f"held      hold   training    tracking/{HELD}  experiment 7  support-bot  nobody",
        f"admitted  allow  training    other/{GOOD}  experiment 7  support-bot  ada",
        "4 runs",
    ]
    assert call("runs list --state held").out.splitlines()[1:] == ["1 run"]
    assert call("runs list --project support-triage --state admitted").out.splitlines()[1:] == ["1 run"]
    assert call("runs list --project none").out == "no such run is on record\n"


@pytest.mark.usefixtures("kept")
def test_runs_on_record_as_json(call):
    document = json.loads(call("runs list --state held --output json").out)
    assert document == {
        "format": "policy-runs/1",
        "runs": [
            {
                "server": "tracking",
                "run": HELD,
                "experiment": "7",
                "project": "support-bot",
                "principal": None,
                "activity": "training",
                "manifest": MANIFEST,
                "decision": None,
                "state": "held",
                "verdict": "hold",
                "parent": None,
                "entry": 3,
            }
        ],
    }
    assert json.loads(call("runs list --project none -o json").out)["runs"] == []
    assert len(json.loads(call("runs list -o json --ledger sqlite:///ledger.db").out)["runs"]) == 4


@pytest.mark.usefixtures("kept")
def test_nothing_contradicts(call, stub):
    found = call(f"runs compare {stub.url}")
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines() == [
        "nothing contradicts the ledger",
        ("compared: 1 governed experiment, 3 runs and 3 runs on record, 0 logged models, 1 version of bound models"),
    ]
    assert compare(call, stub, code=0) == {
        "format": "policy-runs-comparison/1",
        "address": stub.url,
        "server": "tracking",
        "compared": {"experiments": 1, "runs": 3, "records": 3, "models": 0, "versions": 1},
        "counts": {},
        "findings": [],
    }
    assert {said["experiment_ids"][0] for _, path, said, _ in stub.asked if path == "runs/search"} == {"7"}


@pytest.mark.usefixtures("kept")
def test_what_went_past_the_gate(call, stub):
    good, baseline, held = stub.runs.values()
    held["info"]["status"] = "RUNNING"
    good["data"]["tags"][0]["value"] = "refused"
    stub.tell("runs/search", "runs", good, held, make_run(FORGED, **TAGS))
    del stub.runs[baseline["info"]["run_id"]]
    stub.tell("logged-models/search", "models", {"info": {"model_id": "m-1"}})
    stub.models = {"m-2": {"model": {"info": {"model_id": "m-2", "source_run_id": FORGED}}}}
    stub.tell(
        "model-versions/search",
        "model_versions",
        make_version("support-tone", "1", GOOD),
        make_version("support-tone", "2", source="models:/m-2"),
        make_version("support-tone", "3"),
    )
    aliases = [{"alias": "champion", "version": "2"}, {"alias": "old", "version": "1"}]
    stub.tell("registered-models/search", "registered_models", {"name": "support-tone", "aliases": aliases})
    document = compare(call, stub)
    assert list_found(document) == [
        ("unrecorded-run", FORGED),
        ("unadmitted-run", HELD),
        ("differing-run", GOOD),
        ("lost-run", BASELINE),
        ("unadmitted-model", None),
        ("unadmitted-version", FORGED),
        ("unadmitted-version", None),
        ("unadmitted-alias", FORGED),
    ]
    found = call(f"runs compare {stub.url}")
    assert found.code == 1
    assert f"lost-run            the run {BASELINE} is admitted by the ledger, and MLflow has it no more" in found.out
    assert found.out.splitlines()[-2] == (
        "1 run on no record, 1 run that is not admitted, 1 run that differs, 1 run that is gone,"
        " 1 model of no admitted run, 2 versions of no admitted run, 1 alias of such a version"
    )


@pytest.mark.usefixtures("kept")
def test_a_run_of_what_is_governed_no_more_is_looked_at_too(call, stub):
    run = stub.runs[HELD]
    run["info"] |= {"status": "FINISHED", "experiment_id": "8"}
    stub.tell("runs/search", "runs", stub.runs[GOOD], stub.runs[BASELINE])
    assert list_found(compare(call, stub)) == [("unadmitted-run", HELD), ("differing-run", HELD)]


@pytest.mark.usefixtures("kept")
def test_what_has_changed_meanwhile_is_no_finding(call, stub):
    stale = make_run(GOOD, **{**TAGS, "policy.state": "held"})
    stub.tell("runs/search", "runs", stale, stub.runs[BASELINE], stub.runs[HELD], stale)
    assert compare(call, stub, code=0)["compared"]["runs"] == 3
    del stub.runs[GOOD]
    assert list_found(compare(call, stub)) == [("lost-run", GOOD)]


@pytest.mark.usefixtures("kept")
def test_a_run_that_is_begun_meanwhile_is_no_finding(call, stub, monkeypatch):
    stub.tell("runs/search", "runs", *stub.runs.values(), make_run(FORGED, **TAGS))
    answer = stub.answer
    recorded: list[str] = []

    def record(path, said):
        if path == "logged-models/search" and not recorded:
            recorded.append(path)
            with create_ledger("sqlite:///ledger.db") as ledger:
                record_run(ledger, make_row(run=FORGED), SAID)
        return answer(path, said)

    monkeypatch.setattr(stub, "answer", record)
    assert compare(call, stub, code=0)["compared"] == {
        "experiments": 1,
        "runs": 4,
        "records": 4,
        "models": 0,
        "versions": 1,
    }


@pytest.mark.usefixtures("kept")
def test_nothing_to_compare(call, plant):
    plant({"policy.yaml": SET.replace("server: tracking", "server: new")})
    with start_tracking() as stub:
        found = call(f"runs compare {stub.url}")
        assert (found.code, found.err) == (3, "")
        assert found.out.splitlines()[1].startswith("compared: 0 governed experiments, 0 runs and 0 runs on record")
        assert compare(call, stub, code=3)["findings"] == []


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("path", ["experiments/search", "runs/search", "registered-models/search"])
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "does not answer as an MLflow server does"),
        (200, b"[" * 100_000, "does not answer as an MLflow server does"),
        (403, b"", "does not let you read all"),
        (500, b"", "answers with 500"),
    ],
)
def test_a_server_that_does_not_say_all_is_no_clean_server(call, stub, path, status, body, said):
    stub.whole[path] = (status, body)
    found = call(f"runs compare {stub.url} -o json")
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert "help: " in found.err


@pytest.mark.usefixtures("kept")
def test_what_is_said_by_a_server_steers_nothing(call, stub):
    odd = make_run(GOOD, **{**TAGS, "policy.state": "\x1b[31m\n::error::##[x"})
    stub.runs[GOOD] = odd
    stub.tell("runs/search", "runs", odd, *[*stub.runs.values()][1:])
    for form in ("text", "json"):
        out = call(f"runs compare {stub.url} -o {form}").out
        assert "\x1b" not in out
        assert "##[" not in out
        assert "\n::error" not in out


@pytest.mark.usefixtures("kept")
def test_a_policy_set_that_governs_nothing(call, plant):
    plant({"policy.yaml": "policy_set: 1\nledger: sqlite:///ledger.db\n"})
    found = call("runs compare http://127.0.0.1:9")
    assert (found.code, found.out) == (2, "")
    assert "has no section `mlflow`" in found.err
