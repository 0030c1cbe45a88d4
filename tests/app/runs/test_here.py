"""A run that is judged where it begins: by the policies of its own folder, and by what its experiment is bound to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy.app.approvals.desk import cast_vote, open_requests
from policy.app.runs.here import Occasion, judge_here
from policy.app.runs.refusal import RunRefused
from policy.app.workspace import open_workspace
from policy.records.ledger import open_ledger
from policy.records.requests.voting import APPROVE

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SET = "policy_set: 1\npolicies: [rules]\ngates: {run: {mode: enforce}}\n"
ROWS = """\
policy: enough-rows
title: Enough rows
severity: high
when: {run.activity: training}
require: {data.rows: {at_least: 100}}
effect: {run: block, default: advise}
fix: collect more examples
"""
OWNER = """\
policy: known-owner
title: Somebody answers for it
severity: high
when: {stage: pilot}
require: {owner.team: {present: true}}
effect: hold
"""
FLAGGED = OWNER.replace("known-owner", "dated").replace("pilot", "production").replace("effect: hold", "effect: flag")
GOOD = "manifest: 1\nproject: support\ndata: {rows: 500}\n"
SMALL = GOOD.replace("500", "5")
BOUND = """\
mlflow:
  without_manifest: {without}
  experiments:
    - {{name: tone-*, project: support{mode}}}
"""


@pytest.fixture
def judge(tmp_path: Path, monkeypatch):
    """Judges a run of the project, whose files are given by name."""

    def run(
        manifest: str = "",
        *,
        policy_set: str = SET,
        activity: str = "training",
        experiment: str = "",
        now: datetime = NOW,
        **files: str,
    ):
        (tmp_path / "rules").mkdir()
        (tmp_path / ".git").mkdir()
        for name, rule in {"rows": ROWS, "owner": OWNER, "dated": FLAGGED}.items():
            (tmp_path / "rules" / f"{name}.yaml").write_text(rule)
        for name, text in {"policy.yaml": policy_set, **files}.items():
            (tmp_path / name).write_text(text)
        path = tmp_path / "ml-manifest.yaml"
        if manifest:
            path.write_text(manifest)
        monkeypatch.chdir(tmp_path)
        return judge_here(Occasion(str(path) if manifest else "", activity, experiment, "7"), now)

    return run


def bind(mode: str = "", without: str = "block") -> str:
    return SET + BOUND.format(mode=f", mode: {mode}" if mode else "", without=without)


def refuse(judge, *arguments, **options) -> str:
    with pytest.raises(RunRefused) as raised:
        judge(*arguments, **options)
    return str(raised.value)


def test_what_meets_its_policies_begins(judge):
    assert "enough-rows" not in judge(GOOD)


def test_what_is_blocked_does_not_and_says_why(judge):
    text = refuse(judge, SMALL)
    assert text.startswith("the run is refused by the policies of its project:\nblock  support  ml-manifest.yaml\n")
    assert "data.rows is 5 (declared), at least 100 is required" in text
    assert "help: collect more examples" in text


def test_what_is_held_waits(judge):
    text = refuse(judge, GOOD + "stage: pilot\n")
    assert text.startswith("the run waits for an approval:\nhold  support")


def test_what_is_flagged_begins_and_says_so(judge):
    assert "flag  support" in judge(GOOD + "stage: production\n")


def test_what_is_seen_counts_before_what_is_said(judge):
    rows = "".join(json.dumps({"prompt": f"q{number}", "completion": "a"}) + "\n" for number in range(5))
    said = "manifest: 1\nproject: support\ndata: {rows: 500, sources: [{path: data.jsonl}]}\n"
    assert "data.rows is 5 (observed)" in refuse(judge, said, **{"data.jsonl": rows})


@pytest.mark.parametrize("activity", ["baseline", "evaluation", "data"])
def test_only_training_meets_what_is_asked_of_training(activity, judge):
    assert "enough-rows" not in judge(SMALL, activity=activity)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("manifest: 1\nproject: support\ndata: {rows: few}\n", "`few` is not a whole number"),
        ("manifest: 1\n", "names no project"),
        ("manifest: 1\nproject: support\ndata: {sources: [{path: ../../x}]}\n", "leads out of the repository"),
    ],
)
@pytest.mark.parametrize("policy_set", [SET, bind("observe")], ids=["enforce", "observe"])
def test_a_project_with_mistakes_does_not_begin(manifest, said, policy_set, judge):
    assert said in refuse(judge, manifest, policy_set=policy_set, experiment="tone-1")


@pytest.mark.parametrize(
    ("policy_set", "said"),
    [
        ("policy_set: 1\npolicies: [nowhere]\n", "nowhere"),
        ("policy_set: 2\n", "policy_set"),
        ("gates: [", "policy.yaml"),
    ],
)
def test_a_policy_set_with_mistakes_lets_nothing_begin(policy_set, said, judge):
    assert said in refuse(judge, GOOD, policy_set=policy_set)


def test_where_no_policy_is_judged_nothing_begins(judge):
    rule = ROWS.replace("effect: {run: block, default: advise}", "effect: {release: block}")
    text = refuse(judge, GOOD, policy_set="policy_set: 1\npolicies: [only.yaml]\n", **{"only.yaml": rule})
    assert "no policy is judged at the gate `run`" in text


def test_without_a_manifest_only_training_is_refused(judge):
    assert "a training needs the manifest of its project" in refuse(judge)


def test_without_a_manifest_what_trains_nothing_begins(judge):
    assert judge(activity="baseline") == ""


@pytest.mark.parametrize(
    ("without", "mode", "refused"),
    [("block", "", True), ("hold", "", True), ("flag", "", False), ("advise", "", False), ("block", "flag", False)],
)
def test_without_a_manifest_the_section_on_mlflow_decides(without, mode, refused, judge):
    policy_set = bind(mode, without)
    if refused:
        assert "needs the manifest" in refuse(judge, policy_set=policy_set, experiment="tone-1")
    else:
        assert "needs the manifest" in judge(policy_set=policy_set, experiment="tone-1")


def test_an_experiment_that_nothing_binds_is_not_judged(judge):
    assert judge(SMALL, policy_set=bind(), experiment="other") == ""


def test_a_project_begins_no_run_in_the_experiment_of_another(judge):
    text = refuse(judge, GOOD.replace("support", "billing"), policy_set=bind(), experiment="tone-1")
    assert "the manifest is that of `billing`, and the experiment `tone-1` is bound to `support`" in text


@pytest.mark.parametrize(("mode", "refused"), [("", True), ("enforce", True), ("flag", False), ("observe", False)])
def test_the_mode_of_an_experiment_caps_what_is_done(mode, refused, judge):
    policy_set = bind(mode)
    if refused:
        assert "enough-rows" in refuse(judge, SMALL, policy_set=policy_set, experiment="tone-1")
    else:
        assert "enough-rows" in judge(SMALL, policy_set=policy_set, experiment="tone-1")


def test_the_policy_set_of_a_team_judges_its_experiments(judge):
    mild = bind() + "effects: {enough-rows: {run: flag}}\n"
    policy_set = mild.replace("project: support", "project: support, policy_set: team.yaml")
    team = {"team.yaml": "policy_set: 1\nextends: [policy.yaml]\neffects: {enough-rows: {run: block}}\n"}
    assert "block[enough-rows]" in refuse(judge, SMALL, policy_set=policy_set, experiment="tone-1", **team)


def test_and_no_others(judge):
    mild = bind() + "effects: {enough-rows: {run: flag}}\n"
    assert "flag[enough-rows]" in judge(SMALL, policy_set=mild, experiment="tone-1")


RECORDED = SET + "name: acme\nledger: sqlite:///ledger.db\n"
HELD_SET = RECORDED + "approvals: {roles: {leads: [ben]}, rules: [{roles: [leads]}]}\n"
HELD_MANIFEST = GOOD + "stage: pilot\n"


def read_ledger(folder: Path) -> list[tuple[str, str, str]]:
    with open_ledger(f"sqlite:///{folder}/ledger.db", create=False) as ledger:
        return [(row.project, row.gate, row.verdict) for row in ledger.read_decisions()]


def test_what_begins_here_is_on_record_where_the_policy_set_names_a_ledger(judge, tmp_path):
    assert "1 passed" in judge(GOOD, policy_set=RECORDED)
    assert read_ledger(tmp_path) == [("support", "run", "flag")]


def test_and_what_does_not_begin(judge, tmp_path):
    refuse(judge, SMALL, policy_set=RECORDED)
    assert read_ledger(tmp_path) == [("support", "run", "block")]


def test_what_is_held_here_asks_for_an_approval_that_lets_it_begin(judge, tmp_path):
    now = datetime.now(UTC)
    refuse(judge, HELD_MANIFEST, policy_set=HELD_SET, now=now)
    assert read_ledger(tmp_path) == [("support", "run", "hold")]
    workspace = open_workspace(str(tmp_path))
    with open_requests(workspace) as ledger:
        ((request,),) = ledger.read("SELECT id FROM requests")
        cast_vote(ledger, workspace.policy_set, request, APPROVE, name="ben", reason="seen", now=now)
    occasion = Occasion(str(tmp_path / "ml-manifest.yaml"), "training", "", "7")
    assert "waits" not in judge_here(occasion, datetime.now(UTC))
    assert read_ledger(tmp_path)[1:] == [("support", "run", "allow")]


def test_a_ledger_that_cannot_be_written_lets_nothing_begin(judge):
    said = refuse(judge, GOOD, policy_set=RECORDED.replace("ledger.db", "none/ledger.db"))
    assert "ledger" in said
