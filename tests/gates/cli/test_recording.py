"""`policy check` where the policy set has a ledger, and `policy ledger replay`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policy.records.ledger import open_ledger
from policy.reports.contract import Decisions
from tests.gates.cli.conftest import SET, write_manifest, write_policy
from tests.records.server import find_programs, running_server

pytest.importorskip("sqlalchemy")

LEDGER = "ledger: sqlite:///ledger.db\n"
LATE = "2026-11-20T10:00:00Z"


@pytest.fixture
def recorded(stages, plant):
    """The policies of `stages` with a ledger; other settings can be given."""

    def write(projects: Mapping[str, str], settings: str = LEDGER) -> Path:
        plant({"policy.yaml": SET + settings})
        root: Path = stages(projects)
        return root

    return write


def read_rows(path: str = "ledger.db") -> list[Any]:
    with open_ledger(f"sqlite:///{path}", create=False) as ledger:
        return list(ledger.read_decisions())


def test_every_decision_is_recorded_and_comes_out_again_without_the_project(recorded, call, tmp_path):
    root = recorded({"a": "experiment", "b": "production", "c": "pilot"})
    checked = call("check --gate ci --output json")
    assert checked.code == 1
    document = json.loads(checked.out)
    assert document["ledger"] == {
        "address": "sqlite:///ledger.db",
        "recorded": 3,
        "spooled": 0,
        "lost": 0,
        "effect": None,
    }
    Decisions.model_validate(document, strict=False)
    ids = [decision["id"] for decision in document["decisions"]]
    assert [row.decision_id for row in read_rows()] == ids
    assert sorted((row.project, row.verdict) for row in read_rows()) == [("a", "flag"), ("b", "block"), ("c", "allow")]
    kept = tmp_path.parent / f"{tmp_path.name}.db"
    shutil.move(root / "ledger.db", kept)
    for name in ("policy.yaml", "policies"):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for decision_id in ids:
        replayed = call(f"ledger replay {decision_id} --ledger sqlite:///{kept}")
        assert replayed.code == 0
        assert "same: judged again from what is recorded, it comes out as it was, byte for byte" in replayed.out


def test_in_several_processes_the_same_is_recorded(recorded, call):
    recorded({f"p{number}": "experiment" for number in range(120)})
    assert call(f"check --gate ci --jobs 2 --effective-time {LATE}").code == 0
    several = read_rows()
    assert len(several) == 120
    Path("ledger.db").unlink()
    for more in Path().glob("ledger.db-*"):
        more.unlink()
    assert call(f"check --gate ci --jobs 1 --effective-time {LATE}").code == 0
    assert {row[:-1] for row in read_rows()} == {row[:-1] for row in several}


def test_the_same_run_again_records_nothing_new(recorded, call):
    recorded({"a": "experiment"})
    for _ in range(2):
        assert call(f"check --gate ci --effective-time {LATE}").code == 0
    assert len(read_rows()) == 1


def test_only_gates_that_it_covers(recorded, call):
    recorded({"a": "pilot"}, "ledger: {url: 'sqlite:///ledger.db', gates: [release]}\n")
    checked = call("check --gate ci --output json")
    assert json.loads(checked.out)["ledger"] is None
    assert not Path("ledger.db").exists()
    assert "1 recorded" in call("check --gate release").out
    assert len(read_rows()) == 1


def test_waivers_that_counted_are_recorded(recorded, call, plant):
    entry = (
        "waivers: 1\nentries:\n  - {policy: block, subject: b, reason: It moves to retrieval, owner: kim, "
        "requested_by: kim, requested_on: 2026-11-01, approved_by: lee, approved_on: 2026-11-02, expires: 2026-12-01}\n"
    )
    root = recorded(
        {"b": "production"}, f"{LEDGER}waivers: [waivers.yaml]\nwaiver_rules: {{approvers: {{default: [lee]}}}}\n"
    )
    plant({"waivers.yaml": entry})
    git = ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    for words in (["init", "-q"], ["add", "policy.yaml", "policies", "waivers.yaml"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    checked = call(f"check --gate ci --trusted-revision main --effective-time {LATE} --output json")
    (decision,) = json.loads(checked.out)["decisions"]
    assert [item["outcome"] for item in decision["outcomes"] if item["policy"] == "block"] == ["waived"]
    assert call(f"ledger replay {decision['id']}").code == 0


@pytest.fixture
def broken(recorded):
    """A ledger that nobody can write to, with settings of the gate."""

    def write(gate: str, stage: str = "pilot") -> None:
        recorded({"a": stage}, f"{LEDGER}gates: {{ci: {gate}}}\n")
        Path("ledger.db").write_bytes(b"no ledger")

    return write


@pytest.mark.parametrize(
    ("gate", "code", "said", "counted"),
    [
        ("{}", 1, "1 decision is on no record", "1 ON NO RECORD"),
        ("{on_error: hold}", 4, "1 decision is on no record", "1 ON NO RECORD"),
        ("{on_error: flag}", 0, "not in the ledger yet, and the gate went on without", "1 waiting to be recorded"),
        ("{mode: observe}", 0, "not in the ledger yet, and the gate went on without", "1 waiting to be recorded"),
    ],
)
def test_what_cannot_be_recorded_does_what_errors_do_at_the_gate(broken, call, gate, code, said, counted):
    broken(gate)
    checked = call("check --gate ci")
    assert checked.code == code
    assert said in checked.err
    assert "ledger.db" in checked.err
    assert counted in checked.out
    assert "Traceback" not in checked.err
    assert Path("ledger-spool").exists() == (code == 0)


def test_going_on_without_a_record_fails_where_flags_fail(broken, call):
    broken("{on_error: flag}")
    assert call("check --gate ci --fail-on flag").code == 1


def test_what_waits_is_recorded_when_the_ledger_is_back(broken, call):
    broken("{on_error: flag}")
    assert call(f"check --gate ci --effective-time {LATE}").code == 0
    Path("ledger.db").unlink()
    assert call("check --gate ci").code == 0
    assert next(row.time for row in read_rows()) == LATE
    assert len(read_rows()) == 2
    assert not Path("ledger-spool").exists()
    for row in read_rows():
        assert call(f"ledger replay {row.decision_id}").code == 0


def test_a_hold_stays_a_hold_where_there_is_a_ledger(recorded, call):
    recorded({"a": "prototype"})
    assert call("check --gate ci").code == 4
    (row,) = read_rows()
    assert row.verdict == "hold"
    assert row.stake
    assert call(f"ledger replay {row.decision_id}").code == 0


def test_of_a_revision_the_policies_are_recorded_and_the_ledger_is_the_work_trees(recorded, call, plant):
    root = recorded({"b": "production"})
    git = ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    # What is proposed would let it through, and name another ledger.
    plant({"policies/own/block.yaml": write_policy("block", "require: {approach: rag}\neffect: advise\n")})
    plant({"policy.yaml": f"{SET}ledger: sqlite:///other.db\n"})
    checked = call("check --gate ci --policies-from main --output json")
    assert checked.code == 1
    (decision,) = json.loads(checked.out)["decisions"]
    assert decision["proposed"] is not None
    assert not Path("other.db").exists()
    shutil.rmtree(root / "policies")
    shutil.rmtree(root / ".git")
    shown = json.loads(call(f"ledger show {decision['id']} --ledger sqlite:///ledger.db -o json").out)
    assert shown["payload"]["policies_from"]["revision"] == "main"
    replayed = call(f"ledger replay {decision['id']} --ledger sqlite:///ledger.db -o json")
    assert json.loads(replayed.out)["result"] == "same"
    assert replayed.code == 0


def test_with_a_baseline_the_decision_is_recorded_as_it_is(recorded, call):
    recorded({"b": "production"})
    assert call("baseline --gate ci").code in (0, 1)
    assert not Path("ledger.db").exists()
    checked = call("check --gate ci --baseline .policy-baseline.json")
    (row,) = read_rows()
    assert row.verdict == "block"
    assert checked.code == 0
    assert call(f"ledger replay {row.decision_id}").code == 0


def test_a_hook_judges_a_copy_and_the_ledger_lies_in_the_repository(recorded, call):
    root = recorded({"b": "production"})
    git = ("git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run([*git, *words], cwd=root, check=True)
    assert call("hook pre-commit").code == 1
    (row,) = read_rows()
    assert (row.project, row.gate, row.verdict) == ("b", "commit", "block")
    assert call(f"ledger replay {row.decision_id}").code == 0


def test_in_a_database_of_postgresql(recorded, call):
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    with running_server(programs) as server:
        url = server.make_database()
        root = recorded({"a": "experiment", "b": "prototype"}, f"ledger: '{url}'\n")
        absent = call("check --gate ci")
        assert absent.code == 1
        assert "2 decisions are on no record" in absent.err
        assert call(f"ledger init --ledger {url}").code == 0
        checked = call("check --gate ci --output json")
        assert checked.code == 4
        assert json.loads(checked.out)["ledger"]["recorded"] == 2
        shutil.rmtree(root / "policies")
        for decision in json.loads(checked.out)["decisions"]:
            assert call(f"ledger replay {decision['id']} --ledger {url}").code == 0
    assert call(f"ledger replay sha256:0 --ledger {url}").code == 2


# policy ledger replay


def test_the_document_of_a_replay(recorded, call):
    recorded({"a": "experiment"})
    call("check --gate ci")
    (row,) = read_rows()
    document = json.loads(call(f"ledger replay {row.decision_id} -o json").out)
    assert document.pop("recorded_at").endswith("Z")
    assert len(document.pop("ledger")) == 32
    engine = document.pop("engine")
    assert engine["then"] == engine["now"]
    assert document == {
        "format": "policy-replay/1",
        "entry": 1,
        "decision": {"id": row.decision_id, "project": "a", "gate": "ci", "time": row.time, "verdict": "flag"},
        "result": "same",
        "complete": True,
        "redacted": {},
        "unknown_facts": [],
        "differences": [],
    }


def test_what_was_taken_out_is_said(recorded, call, plant):
    recorded({})
    contact = "jane.doe@acme" + ".com"
    rule = write_policy("contact", "require: {owner.contact: {ends_with: acme.com}}\neffect: block\n")
    manifest = write_manifest("a", f"stage: pilot\nowner: {{contact: {contact}}}\n")
    plant({"policies/own/contact.yaml": rule, "ml-manifest.yaml": manifest})
    assert call("check --gate ci").code == 0
    (row,) = read_rows()
    replayed = call(f"ledger replay {row.decision_id}")
    assert replayed.code == 1
    assert "differs: judged again from what is recorded" in replayed.out
    assert "outcomes[contact].outcome\n    recorded  pass\n    now       fail" in replayed.out
    assert "redacted before it was recorded: owner.contact (email)" in replayed.out
    assert "what was redacted decided an outcome" in replayed.out
    assert contact not in replayed.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("sha256:0", "there is no decision `sha256:0`"),
        ("0", "there is no decision `0`"),
        ("sha256:0 --ledger sqlite:///missing.db", "missing.db"),
        ("sha256:0 --ledger ledger.db", "the address of the ledger"),
        ("sha256:0 --config missing.yaml", "missing.yaml"),
        ("", "ID"),
    ],
)
def test_what_cannot_be_replayed_is_bad_input(recorded, call, arguments, said):
    recorded({"a": "experiment"})
    call("check --gate ci")
    replayed = call(f"ledger replay {arguments}")
    assert replayed.code == 2
    assert said in replayed.err
    assert not Path("missing.db").exists()


def test_without_a_ledger_nothing_of_one_is_asked_for(stages, call):
    stages({"a": "pilot"})
    checked = call("check --gate ci --output json")
    assert json.loads(checked.out)["ledger"] is None
    replayed = call("ledger replay sha256:0")
    assert replayed.code == 2
    assert "the policy set has no ledger" in replayed.err
