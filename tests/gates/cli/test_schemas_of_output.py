"""What commands write as JSON, held against the schemas that `policy schema` prints, and against their models."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policy.gates.cli.schema import REPORTS
from policy.records.ledger import open_ledger
from policy.records.runs.recording import record_run
from policy.reports.contract import Document
from tests.app.runs.tracking import make_run, make_version, start_tracking
from tests.app.waivers.granting import FILES, grant
from tests.records.runs.made import SAID, make_row, name_run

HOLD = """\
policy: stage
title: Somebody looks at production
severity: high
require: {stage: [experiment, prototype]}
effect: {default: hold}
cases:
  - {name: fails, given: {stage: production}, expect: fail}
"""
SET = f"{FILES['policy.yaml']}approvals: {{roles: {{leads: [alice, bob]}}, rules: [{{roles: [leads], quorum: 2}}]}}\n"
SET += "mlflow: {server: tracking, experiments: [{name: support, project: support-*, models: bot}]}\n"
COMMANDS = {
    "check": "decisions",
    "check --gate run": "decisions",
    "evidence": "evidence",
    "advise": "advice",
    "diff old.yaml .": "diff",
    "preview old.yaml": "preview",
    "report": "audit",
    "report . --gate ci": "audit",
    "approvals list": "requests",
    "approvals list --all": "requests",
    "waivers": "waiver-list",
    "set show --gate run": "set-view",
    "set show --config bare.yaml": "set-view",
    "test": "tests",
    "test --mutate rules/own": "tests",
    "ledger verify": "verification",
    "ledger verify --checkpoint c.txt --trusted-keys keys.txt": "verification",
    "ledger verify --entries-only": "verification",
    "ledger prove 1": "proof",
    "ledger prove --since old.txt": "consistency-proof",
    "ledger list": "entries",
    "ledger show 1": "entry",
    "runs list": "runs",
    "runs list --state held": "runs",
    "runs compare http://127.0.0.1:PORT": "runs-comparison",
}
ALWAYS_JSON = ("ledger prove",)


@pytest.fixture
def kept(plant, call, monkeypatch):
    """Everything once: decisions, requests in several states, waivers, checkpoints, an erased object."""
    monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: "os:dave@desk")
    root = plant(
        {
            **FILES,
            "policy.yaml": SET,
            "old.yaml": f"{SET}modes: {{rows: observe, stage: observe}}\n",
            "bare.yaml": "policy_set: 1\npolicies: [./rules]\n",
            "rules/own/stage.yaml": HOLD,
            "bot/ml-manifest.yaml": f"{FILES['bot/ml-manifest.yaml']}stage: production\n",
            "other/ml-manifest.yaml": "manifest: 1\nproject: other\ndata: {rows: 7}\nstage: experiment\n",
        }
    )
    (root / "keys.txt").write_text(call("ledger init").out and call("ledger key new --key l.key").out.splitlines()[-1])
    assert call("ledger checkpoint --key l.key --log old.txt").code == 0
    grant()
    assert call("check --gate run").code == 4
    (asked,) = set(re.findall(r"r-[a-z2-7]+", call("approvals list").out))
    monkeypatch.setattr("policy.app.approvals.identity.identify_user", lambda: "os:alice@desk")
    assert call(f"approvals approve {asked} --reason fine").code == 0
    later = (datetime.now(UTC) + timedelta(days=5)).date()
    assert call(f"approvals delegate zoe --until {later}").code == 0
    assert call("ledger checkpoint --key l.key --log c.txt").code == 0
    with open_ledger("sqlite:///ledger.db") as ledger:
        record_run(ledger, make_row(), SAID)
        record_run(ledger, make_row(run=name_run(1), state="held", principal="", verdict="", manifest=""), SAID)
    return root


@pytest.fixture
def tracking():
    """A server with a run and a version that never met the gate."""
    with start_tracking() as server:
        server.tell("experiments/search", "experiments", {"experiment_id": "7", "name": "support"})
        server.tell("runs/search", "runs", make_run(name_run(9)))
        server.tell("model-versions/search", "model_versions", make_version("bot", "1"))
        yield server


def validate(kind: str, document: Any, call: Any) -> None:
    Draft202012Validator(json.loads(call(f"schema {kind}").out)).validate(document)
    module, name = REPORTS[kind]
    model = getattr(import_module(f"policy.reports.{module}"), name)
    if isinstance(model, type) and issubclass(model, Document):
        # Models allow no key that is not described, as schemas for readers do.
        model.model_validate(document)


def test_every_command_writes_what_its_schema_says(call, kept, tracking):
    for text, kind in COMMANDS.items():
        line = text.replace("PORT", str(tracking.server_port))
        result = call(line if line.startswith(ALWAYS_JSON) else f"{line} -o json")
        assert result.code in (0, 1, 3, 4), (line, result.err)
        validate(kind, json.loads(result.out), call)
    decisions = json.loads(call("check --gate run -o json").out)
    replayed = call(f"ledger replay {decisions['decisions'][0]['id']} -o json")
    validate("replay", json.loads(replayed.out), call)
    asked = json.loads(call("approvals list -o json").out)["requests"][-1]
    validate("requests", json.loads(call(f"approvals show {asked['id']} -o json").out), call)
    assert call("baseline --gate ci --file b.json").code == 0
    validate("baseline", json.loads((kept / "b.json").read_bytes()), call)
    assert {*COMMANDS.values(), "replay", "baseline", "webhook"} == set(REPORTS)


@pytest.mark.usefixtures("kept")
def test_what_is_erased_and_what_was_changed_fits_too(call, kept):
    decision = json.loads(call("check --gate run -o json").out)["decisions"][0]
    entry = json.loads(call(f"ledger show {decision['id']} -o json").out)
    assert call(f"ledger erase {entry['digest']} --reason asked").code == 0
    validate("entry", json.loads(call(f"ledger show {decision['id']} -o json").out), call)
    validate("verification", json.loads(call("ledger verify -o json").out), call)
    assert call("ledger checkpoint --key l.key --log c.txt").code == 0
    proof = json.loads(call(f"ledger prove {decision['id']}").out)
    assert proof["payload"] is None
    validate("proof", proof, call)
    (kept / "ledger.db").write_bytes(b"no ledger " * 300)
    validate("waiver-list", json.loads(call("waivers -o json").out), call)


@pytest.mark.parametrize("kind", sorted(REPORTS))
def test_a_schema_refuses_what_is_no_such_document(kind, call, plant):
    plant({})
    validator = Draft202012Validator(json.loads(call(f"schema {kind}").out))
    assert list(validator.iter_errors({"format": "policy-other/1"}))
    assert list(validator.iter_errors([]))
