"""The same case is judged once, as long as judging again would find the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from policy.app.recording.judging import judge_for_record
from policy.app.runs import admitting
from policy.app.runs.admitting import Hearing
from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import load_panel
from policy.app.runs.precedents import HOLDS_FOR, MOST, Precedent, Precedents
from policy.model.canonical import canonical_json
from policy.model.fact import Fact
from policy.records.ledger import create_ledger
from policy.records.runs.uploads import put_upload

POLICY = """\
policy: few-rows
title: There are enough rows
severity: high
when: {approach: fine-tuning}
require: {data.rows: {at_least: 100}}
on_unknown: flag
effect: {run: hold, release: flag}
fix: Collect more.
"""
SET = """\
policy_set: 1
name: acme
policies: [./policies]
ledger: sqlite:///ledger.db
approvals: {roles: {leads: [ben]}, rules: [{roles: [leads]}]}
mlflow: {app: basic-auth, experiments: [{name: "*", project: [bot, b-*]}]}
"""
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Court:
    """A panel with its ledger, and how often it judged."""

    def __init__(self, folder, ledger, monkeypatch):
        self.panel = load_panel(str(folder / "policy.yaml"), str(folder))
        self.ledger = ledger
        self.judged = 0

        def count(*args, **kwargs):
            self.judged += 1
            return judge_for_record(*args, **kwargs)

        monkeypatch.setattr(admitting, "judge_for_record", count)

    def send(self, rows, project="bot"):
        body = canonical_json(
            {
                "format": "policy-run-manifest/1",
                "manifest": {"manifest": 1, "project": project, "approach": "fine-tuning"},
                "facts": {} if rows is None else {"data.rows": rows},
            }
        )
        digest = f"sha256:{sha256(body).hexdigest()}"
        put_upload(self.ledger, "ada", digest, body)
        return digest

    def admit(self, digest, now=NOW, gate="run", **said):
        attempt = Attempt("1", "a-one", "ada", digest)._replace(**said)
        return Hearing(self.panel, self.ledger, self.panel.settings.bindings[0], gate, now).admit(attempt)


@pytest.fixture
def court(tmp_path, monkeypatch):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/few-rows.yaml").write_text(POLICY)
    (tmp_path / "policy.yaml").write_text(SET)
    with create_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        yield Court(tmp_path, ledger, monkeypatch)


def test_a_sweep_is_judged_once(court):
    digest = court.send(None)
    admissions = [court.admit(digest, principal=name) for name in ("ada", "ben", "cleo") * 20]
    assert court.judged == 1
    assert {(admission.state, admission.verdict) for admission in admissions} == {("admitted", "flag")}
    assert {admission.attempt.principal for admission in admissions} == {"ada", "ben", "cleo"}
    # Until one of them is recorded each brings what records it, as who asked.
    assert len({admission.draft.payload["actor"] for admission in admissions}) == 3


def test_once_it_is_recorded_nothing_is_drafted(court):
    digest = court.send(None)
    court.admit(digest).precedent.recorded = "sha256:" + "1" * 64
    again = court.admit(digest)
    assert again.draft is None
    assert again.precedent.recorded == "sha256:" + "1" * 64
    assert again.decision is not None


@pytest.mark.parametrize(
    "other",
    [
        {"gate": "release"},
        {"activity": "evaluation"},
        {"logged": (Fact("data.rows", 5, "observed", "the run"),)},
        {"now": NOW + HOLDS_FOR},
        {"now": NOW - timedelta(seconds=1)},
    ],
)
def test_another_case_is_judged_anew(court, other):
    digest = court.send(None)
    court.admit(digest)
    court.admit(digest, **other)
    assert court.judged == 2


def test_another_manifest_is_another_case(court):
    for project in ("bot", "b-two"):
        assert court.admit(court.send(None, project)).project == project
    assert court.judged == 2


def test_without_a_manifest_the_experiment_is_what_it_is_about(court):
    for name in ("a-one", "a-two", "a-one"):
        court.admit("", experiment_name=name, activity="baseline")
    assert court.judged == 2


def test_facts_may_depend_on_the_day(court):
    digest, late = court.send(None), datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)
    court.admit(digest, now=late)
    court.admit(digest, now=late + timedelta(milliseconds=999))
    assert court.judged == 1
    court.admit(digest, now=late + timedelta(seconds=1))
    assert court.judged == 2


def test_what_is_held_is_asked_again_each_time(court):
    digest = court.send(5)
    for count in (1, 2):
        admission = court.admit(digest)
        assert admission.state == "held"
        assert admission.asked is not None
        assert court.judged == count


def test_new_policies_begin_without(court, tmp_path):
    digest = court.send(None)
    court.admit(digest)
    court.panel = load_panel(str(tmp_path / "policy.yaml"), str(tmp_path))
    court.admit(digest)
    assert court.judged == 2


def test_few_are_remembered():
    known = Precedents()
    for number in range(MOST + 1):
        known.keep((number,), Precedent(None, None, NOW))  # type: ignore[arg-type] # nobody looks into it
    assert known.find((0,), NOW) is None
    assert known.find((MOST,), NOW) is not None
