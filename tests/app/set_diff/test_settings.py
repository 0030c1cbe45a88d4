"""What differs beside the policies: gates, fields, tables, plugins, evidence, and who may waive."""

from __future__ import annotations

import pytest

from tests.app.set_diff.conftest import SET, Files

# What is added to the policy set: the key, the values, the direction, and that of the way back.
SETTINGS = {
    "gates: {ci: {mode: observe}}": ("gates.ci.mode", "enforce", "observe", "milder", "stricter"),
    "gates: {run: {on_error: flag}}": ("gates.run.on_error", "block", "flag", "milder", "stricter"),
    "evidence: {time_limit: 1h}": ("evidence.time_limit", "10min", "1h", "unclear", "unclear"),
    "evidence: {size_limit: 1 GB}": ("evidence.size_limit", "50 GB", "1 GB", "unclear", "unclear"),
    "evidence: {mlflow: 'http://localhost:5000'}": (
        "evidence.mlflow",
        None,
        "http://localhost:5000",
        "unclear",
        "unclear",
    ),
    "fields: {x.a: {type: integer, about: How many}}": (
        "fields.x.a",
        None,
        "How many (a whole number)",
        "unclear",
        "unclear",
    ),
    "waiver_rules: {longest: 9d}": ("waiver_rules", None, "longest: 9 days", "unclear", "unclear"),
    "waiver_rules: {approvers: {default: [maria]}}": (
        "waiver_rules",
        None,
        "approvers of default: maria",
        "unclear",
        "unclear",
    ),
    "waiver_rules: {protected: [own]}": ("waiver_rules", None, "protected: own", "unclear", "unclear"),
    "trusted: {revision: origin/main}": ("trusted", None, "origin/main", "unclear", "unclear"),
}


@pytest.mark.parametrize("line", SETTINGS)
def test_a_setting(line, compare):
    key, old, new, direction, back = SETTINGS[line]
    files: tuple[Files, Files] = {}, {"policy.yaml": f"{SET}{line}\n"}
    changes = compare(*files)
    (change,) = changes.settings
    assert change[:4] == (key, old, new, direction)
    assert (changes.policies, changes.waivers, changes.has_meaning) == ((), (), True)
    (turned,) = compare(*reversed(files)).settings
    assert turned[:4] == (key, new, old, back)


def test_a_gate_is_told_with_its_place(compare):
    (change,) = compare({}, {"policy.yaml": f"{SET}gates: {{ci: {{mode: flag}}}}\n"}).settings
    assert change.old_at is None
    assert change.new_at is not None
    assert change.new_at.line == 3
    assert change.new_at.file.endswith("new/policy.yaml")


MLFLOW = "mlflow: {experiments: [{name: a, project: p}, {name: b, project: [q]%s}]%s}\n"


def test_experiments_of_an_mlflow_server(compare):
    old = SET + MLFLOW % ("", "")
    (change,) = compare({"policy.yaml": old}, {"policy.yaml": SET + MLFLOW % (", mode: observe", "")}).settings
    assert change[:4] == ("mlflow.experiments[1]", "name b; project q", "name b; project q; mode observe", "unclear")
    assert change.old_at is not None
    assert (change.old_at.line, change.old_at.file.endswith("old/policy.yaml")) == (3, True)
    (change,) = compare({"policy.yaml": old}, {"policy.yaml": SET + MLFLOW % ("", ", attesters: [ci-bot]")}).settings
    assert change[:4] == ("mlflow.attesters", None, "ci-bot", "unclear")
    assert compare({"policy.yaml": old}, {"policy.yaml": old}).settings == ()
    taken = compare({"policy.yaml": old}, {"policy.yaml": SET}).settings
    assert [change.new for change in taken] == [None] * len(taken)
    assert {"mlflow.experiments[0]", "mlflow.experiments[1]"} <= {change.key for change in taken}


def test_a_table_with_another_row(compare):
    row = "table: 1\nrows:\n  acme-1: {terms: [conditional], source: legal, date: 2026-01-01}\n"
    text = f"{SET}tables: {{licenses: t.yaml}}\n"
    changed = row.replace("acme-1", "acme-2")
    (change,) = compare({"policy.yaml": text, "t.yaml": row}, {"policy.yaml": text, "t.yaml": changed}).settings
    assert (change.key, change.direction) == ("tables.licenses", "unclear")
    assert change.old is not None
    assert change.old.startswith("content sha256:")
    assert change.old != change.new


def test_rules_of_waivers_line_by_line(compare):
    old = f"{SET}waiver_rules: {{longest: 9d, approvers: {{default: [maria], own: []}}}}\n"
    new = old.replace("9d", "10d")
    (change,) = compare({"policy.yaml": old}, {"policy.yaml": new}).settings
    assert [f"{line.sign} {line.text}" for line in change.lines] == [
        "  approvers of default: maria",
        "  approvers of own: nobody",
        "- longest: 9 days",
        "+ longest: 10 days",
    ]


def test_what_the_sets_are_made_of_changes_no_meaning(compare):
    base = {"base/policy.yaml": "policy_set: 1\npolicies: [../rules]\n"}
    changes = compare({}, {"policy.yaml": "policy_set: 1\nname: team\nextends: [base]\n", **base})
    told = {change.key: (change.old, change.new) for change in changes.makeup}
    assert told == {"name": ("catalogue", "team"), "layers": ("policy.yaml", "base/policy.yaml, policy.yaml")}
    assert not changes.has_meaning
