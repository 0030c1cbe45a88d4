from __future__ import annotations

import pytest

from policy.app.runs.panel import RELEASE, RUN, can_hold, check_panel, load_panel
from policy.errors import PolicyError

HEAD = "policy_set: 1\nname: acme\npolicies: [./policies]\n"
LEDGER = "ledger: sqlite:///ledger.db\n"
MLFLOW = "mlflow: {experiments: [{name: a-*, project: a}]}\n"
POLICY = """\
policy: one
title: One thing
severity: low
when: {approach: fine-tuning}
require: {data.rows: {at_least: 5}}
effect: {run: EFFECT}
on_unknown: UNKNOWN
fix: Do it.
"""


def write(folder, text, effect="flag", unknown="flag"):
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies/one.yaml").write_text(POLICY.replace("EFFECT", effect).replace("UNKNOWN", unknown))
    (folder / "policy.yaml").write_text(HEAD + text)
    return load_panel(str(folder / "policy.yaml"), str(folder))


@pytest.mark.parametrize(("text", "said"), [(LEDGER, "says nothing of an MLflow server"), (MLFLOW, "has no ledger")])
def test_a_server_needs_its_section_and_a_ledger(tmp_path, text, said):
    with pytest.raises(PolicyError, match=said):
        write(tmp_path, text)


@pytest.mark.parametrize(
    ("effect", "unknown", "mode", "holds"),
    [
        ("hold", "flag", "enforce", True),
        ("block", "hold", "enforce", True),
        ("block", "block", "enforce", False),
        ("block", "hold", "flag", False),
        ("hold", "hold", "observe", False),
        ("flag", "flag", "enforce", False),
    ],
)
def test_whether_a_gate_could_hold(tmp_path, effect, unknown, mode, holds):
    gates = f"gates: {{run: {{mode: {mode}, on_error: block}}}}\n"
    panel = write(tmp_path, gates + LEDGER + MLFLOW, effect, unknown)
    assert (can_hold(panel.main, RUN), can_hold(panel.main, RELEASE), panel.can_hold) == (holds, False, holds)


@pytest.mark.parametrize(
    ("app", "said"), [("app: basicauth, ", "`basicauth` is no application"), ("app: none, ", "authenticates nobody")]
)
def test_an_app_that_does_not_do_is_told_with_its_place(tmp_path, app, said):
    panel = write(tmp_path, LEDGER + MLFLOW.replace("{experiments", f"{{{app}experiments"), effect="hold")
    with pytest.raises(PolicyError, match=said) as caught:
        check_panel(panel)
    assert str(caught.value.problems[0].location).startswith("policy.yaml:5:")


def test_a_team_judges_by_a_policy_set_that_builds_on_the_servers(tmp_path):
    bound = "mlflow: {experiments: [{name: a-*, project: a, policy_set: team.yaml}, {name: b-*, project: b}]}\n"
    (tmp_path / "team.yaml").write_text("policy_set: 1\nname: team\nextends: [policy.yaml]\nmodes: {one: enforce}\n")
    panel = write(tmp_path, LEDGER + bound)
    first, second = panel.settings.bindings
    assert panel.find(first).workspace.policy_set.name == "team"
    assert panel.find(second) is panel.main


def test_a_team_cannot_leave_the_servers_policy_set_out(tmp_path):
    bound = "mlflow: {experiments: [{name: a-*, project: a, policy_set: team.yaml}]}\n"
    (tmp_path / "team.yaml").write_text("policy_set: 1\nname: team\npolicies: [./policies]\n")
    with pytest.raises(PolicyError, match="does not build on the policy set of the server"):
        write(tmp_path, LEDGER + bound)
