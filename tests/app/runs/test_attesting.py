"""What a client claims stays a claim; what a trusted CI saw of the same data is attested."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from policy.app.approvals.identity import identify_user
from policy.app.runs.admitting import Hearing
from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import load_panel
from policy.gates.cli.main import main
from policy.model.canonical import canonical_json
from policy.records.ledger import open_ledger
from policy.records.runs.uploads import put_upload

POLICY = """\
policy: enough-rows
title: There are enough rows, and somebody has counted them
severity: high
when: {approach: fine-tuning}
require: {data.rows: {at_least: 100}}
observed: [data.rows]
on_unknown: block
effect: {ci: block, run: block}
fix: Collect more.
"""
SET = """\
policy_set: 1
name: acme
policies: [./policies]
ledger: sqlite:///ledger.db
mlflow:
  app: basic-auth
  experiments: [{{name: a-*, project: bot}}]
  attesters: [{attester}]
"""
MANIFEST = "manifest: 1\nproject: bot\napproach: fine-tuning\ndata: {sources: [{path: train.jsonl, split: train}]}\n"


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """A project of so many rows that CI has judged, and what the ledger says of its data."""

    def judge(rows=150, attester=None):
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies/enough-rows.yaml").write_text(POLICY)
        (tmp_path / "policy.yaml").write_text(SET.format(attester=json.dumps(attester or identify_user())))
        (tmp_path / "ml-manifest.yaml").write_text(MANIFEST)
        row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
        (tmp_path / "train.jsonl").write_text("".join(json.dumps({**row, "n": n}) + "\n" for n in range(rows)))
        monkeypatch.chdir(tmp_path)
        assert main(["check", "--gate", "ci", "--output", "json=out.json"]) in (0, 1)
        return tmp_path

    return judge


def find_digest(folder):
    with open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
        for row in ledger.read_decisions():
            body = ledger.get_object(row.facts)
            assert isinstance(body, bytes)
            facts = json.loads(body)
            return next(claim[1] for claim in facts["claims"] if claim[0] == "data.digest")
    raise AssertionError("nothing was recorded")


def attempt(folder, facts):
    """What comes of a training run for which a client sends these facts."""
    body = canonical_json(
        {
            "format": "policy-run-manifest/1",
            "manifest": {"manifest": 1, "project": "bot", "approach": "fine-tuning"},
            "facts": facts,
        }
    )
    digest = f"sha256:{sha256(body).hexdigest()}"
    panel = load_panel(str(folder / "policy.yaml"), str(folder))
    with open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
        put_upload(ledger, "ada", digest, body)
        hearing = Hearing(panel, ledger, panel.settings.bindings[0], "run", datetime.now(UTC))
        return hearing.admit(Attempt("1", "a-one", "ada", digest))


def test_what_ci_saw_of_the_same_data_counts(judged):
    folder = judged()
    admission = attempt(folder, {"data.digest": find_digest(folder)})
    assert admission.state == "admitted", admission.text


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"data.rows": 100_000},
        {"data.digest": "sha256:" + "0" * 64},
        {"data.digest": "sha256:" + "0" * 64, "data.rows": 100_000},
    ],
)
def test_forged_facts_get_nowhere(judged, facts):
    admission = attempt(judged(), facts)
    assert admission.state == "refused"
    assert "enough-rows (unknown)" in admission.text


def test_a_claim_does_not_outweigh_what_ci_saw(judged):
    folder = judged(rows=20)
    admission = attempt(folder, {"data.digest": find_digest(folder), "data.rows": 100_000})
    assert admission.state == "refused"
    assert "enough-rows (fail)" in admission.text


def test_nobody_else_attests(judged):
    folder = judged(attester="somebody-else")
    assert attempt(folder, {"data.digest": find_digest(folder)}).state == "refused"
