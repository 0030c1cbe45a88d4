"""What somebody reads whose run is refused or held."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from policy.app.runs.admitting import Hearing
from policy.app.runs.attempt import Attempt
from policy.app.runs.panel import load_panel
from policy.app.runs.texts import SHOWN, name_recorded
from policy.model.approval_settings import ApprovalRule, ApprovalSettings, find_terms
from policy.model.canonical import canonical_json
from policy.records.ledger import create_ledger
from policy.records.requests.voting import Ballot, vote
from policy.records.runs.decisions import record_decision
from policy.records.runs.uploads import put_upload

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SET = """\
policy_set: 1
name: acme
policies: [./policies]
ledger: sqlite:///ledger.db
mlflow: {app: basic-auth, experiments: [{name: "*", project: bot}]}
"""
LEADS = "approvals: {roles: {leads: [ben, ada, carol]}, rules: [{roles: [leads], quorum: QUORUM}]}\n"


def write_policy(name, effect, require="{data.rows: {at_least: 100}}"):
    head = f"policy: {name}\ntitle: About {name}\nseverity: high\nwhen: {{approach: fine-tuning}}\n"
    return f"{head}require: {require}\neffect: {{run: {effect}, release: {effect}}}\nfix: Mend {name}.\n"


@pytest.fixture
def hear(tmp_path):
    """Hear the attempt of ada under policies with these effects, in a ledger that stays."""
    opened: list[Any] = []

    def judge(*effects, settings="", owner="ben", gate="run", require="{data.rows: {at_least: 100}}", **said):
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "policy.yaml").write_text(SET + settings)
        for number, effect in enumerate(effects):
            (tmp_path / f"policies/p{number}.yaml").write_text(write_policy(f"p{number}", effect, require))
        if not opened:
            opened.append(create_ledger(f"sqlite:///{tmp_path}/ledger.db"))
        panel = load_panel(str(tmp_path / "policy.yaml"), str(tmp_path))
        manifest = {"manifest": 1, "project": "bot", "approach": "fine-tuning", "owner": {"contact": owner}}
        body = canonical_json({"format": "policy-run-manifest/1", "manifest": manifest, "facts": {"data.rows": 5}})
        digest = f"sha256:{sha256(body).hexdigest()}"
        put_upload(opened[0], "ada", digest, body)
        now = said.pop("now", NOW)
        asks = said.pop("asks", True)
        attempt = Attempt("7", "bot-one", said.pop("principal", "ada"), digest, run=said.pop("run", ""))
        return opened[0], Hearing(panel, opened[0], panel.settings.bindings[0], gate, now).admit(attempt, asks=asks)

    yield judge
    for ledger in opened:
        ledger.close()


def say(heard):
    return heard[1].text


def test_what_blocks_is_counted_apart_from_what_would_hold(hear):
    text = say(hear("hold", "block", "hold"))
    assert text.startswith(
        "the run in `bot-one` is refused by 1 policy, and 2 policies more would hold it (project `bot`"
    )
    assert [line[:5] for line in text.splitlines() if line.startswith("- ")] == ["- p1 ", "- p0 ", "- p2 "]


def test_what_is_not_shown_is_named(hear):
    text = say(hear(*["block"] * (SHOWN + 2)))
    assert "- and 2 policies more, of which `policy explain` says what each requires:\n  p5, p6\n" in text


def test_who_can_decide_are_the_members_but_for_who_asked_and_contributed(hear):
    assert "Who can decide now: carol (leads)." in say(hear("hold", settings=LEADS.replace("QUORUM", "1")))


def test_that_too_few_are_left_is_said(hear):
    text = say(hear("hold", settings=LEADS.replace("QUORUM", "2")))
    assert "Who can decide now: carol of leads, where 2 votes of others than who asked are needed." in text


@pytest.mark.parametrize(("quorum", "said"), [("1", "ben or carol (leads)"), ("2", "2 votes of ben or carol (leads)")])
def test_several_are_named(hear, quorum, said):
    heard = hear("hold", settings=LEADS.replace("QUORUM", quorum), owner="zoe")
    assert f"Who can decide now: {said}.\n" in say(heard)
    assert f"`policy approvals show {heard[1].asked.row.id} --server URL`" in say(heard)


def test_who_asked_for_the_same_before_cannot_decide_either(hear):
    settings = LEADS.replace("QUORUM", "1")
    hear("hold", settings=settings, owner="zoe", principal="ben")
    assert "Who can decide now: carol (leads)." in say(hear("hold", settings=settings, owner="zoe"))


@pytest.mark.parametrize(("effect", "require"), [("hold", ""), ("block", "{approval.current: true}")])
def test_who_asks_again_after_a_no_reads_who_said_it_and_why(hear, effect, require):
    said = {"settings": LEADS.replace("QUORUM", "1"), "owner": "zoe"}
    said |= {"require": require} if require else {}
    ledger, first = hear(effect, **said)
    assert "rejected" not in first.text
    request = first.asked.row.id
    settings = ApprovalSettings(roles={"leads": ("ben",)}, rules=(ApprovalRule(roles=("leads",)),))
    terms = find_terms(settings, [], "run", "bot")
    vote(ledger, request, Ballot("ben", "reject", "first the licence", terms, settings))
    _, again = hear(effect, **said)
    assert again.asked.row.id != request
    assert re.search(rf"\nben rejected the same on \S+ \S+ UTC \({request}\): first the licence$", again.text)


def test_without_roles_anybody_else_decides(hear):
    assert "Who can decide now: anybody but who asked and who contributed." in say(hear("hold"))


def test_what_is_blocked_until_it_is_approved_names_its_request(hear):
    settings, require = LEADS.replace("QUORUM", "1"), "{approval.current: true}"
    _, admission = hear("block", settings=settings, owner="zoe", require=require)
    assert (admission.state, admission.asked is not None) == ("refused", True)
    said = f"Or have it approved, in the request {admission.asked.row.id}, and begin again. Who can decide now: ben or"
    assert said in admission.text


def test_nobody_lets_pass_what_nobody_may_waive(hear):
    assert "Nobody can let it pass" in say(hear("block"))


def test_who_may_waive_is_named(hear):
    text = say(hear("block", settings="waiver_rules: {approvers: {default: [dora]}}\n"))
    assert "Or have a dated waiver of `p0` granted, by dora: `policy waive` writes one, for the server's" in text


def test_a_release_is_called_one(hear):
    text = say(hear("block", gate="release", run="f00d"))
    assert text.startswith("the release from the run f00d is refused by 1 policy (project `bot`, decision sha256:")


def test_what_is_said_names_the_decision_that_is_on_record(hear):
    ledger, first = hear("block")
    _, again = hear("block", now=NOW + timedelta(hours=1))
    assert first.decision.id != again.decision.id
    recorded = [record_decision(ledger, admission.draft) for admission in (first, again)]
    assert recorded == [first.decision.id] * 2
    assert f"decision {first.decision.id}" in name_recorded(again, recorded[1])
    assert ledger.find_decision(recorded[1]) is not None


@pytest.mark.parametrize("effect", ["block", "hold"])
def test_what_is_on_no_record_is_said_without_its_id(hear, effect):
    _, admission = hear(effect, asks=False)
    assert admission.decision.id in admission.text
    assert "sha256:" not in name_recorded(admission, "")
    assert "(project `bot`)" in name_recorded(admission, "")
