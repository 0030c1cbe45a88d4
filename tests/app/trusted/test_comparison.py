from __future__ import annotations

import pytest

from policy.app.trusted.comparison import compare_policy_sets
from policy.app.workspace import open_workspace

RULE = """\
policy: own
title: Own
severity: low
params: {least: {default: 3, about: Rows}}
require: {data.rows: {at_least: {param: least}}}
effect: flag
"""
SET = "policy_set: 1\npolicies: [rules]\n"


@pytest.fixture
def load(tmp_path):
    def read(name, text, rule=RULE, more=()):
        files = {"policy.yaml": text, "rules/own/own.yaml": rule, **dict(more)}
        for file, content in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_text(content)
        root = tmp_path / name
        return open_workspace(str(root), str(root / "policy.yaml")).policy_set

    return read


@pytest.mark.parametrize(
    ("text", "rule", "policies", "settings"),
    [
        (SET, RULE.replace("at_least", "more_than"), ("own",), ()),
        (f"{SET}params: {{own.least: 4}}\n", RULE, ("own",), ()),
        (f"{SET}effects: {{own: block}}\n", RULE, ("own",), ()),
        (f"{SET}effects: {{own: {{ci: block}}}}\n", RULE, ("own",), ()),
        (f"{SET}on_unknown: {{own: block}}\n", RULE, ("own",), ()),
        (f"{SET}modes: {{own: observe}}\n", RULE, ("own",), ()),
        (f"{SET}from: {{own: 2099-01-01}}\n", RULE, ("own",), ()),
        (f"{SET}final: [own]\n", RULE, ("own",), ()),
        (f"{SET}without: [own]\n", RULE, ("own",), ()),
        (f"{SET}gates: {{ci: {{mode: observe}}}}\n", RULE, (), ("gates",)),
        (f"{SET}fields: {{x.a: {{type: integer, about: A}}}}\n", RULE, (), ("fields",)),
        (f"{SET}evidence: {{time_limit: 1h}}\n", RULE, (), ("evidence",)),
        (f"{SET}waiver_rules: {{longest: 9d}}\n", RULE, (), ("waiver_rules",)),
        (f"{SET}trusted: {{revision: origin/main}}\n", RULE, (), ("trusted",)),
    ],
)
def test_what_is_changed(load, text, rule, policies, settings):
    changes = compare_policy_sets(load("before", SET), load("after", text, rule))
    assert changes is not None
    assert (changes.policies, changes.settings) == (policies, settings)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (SET, RULE),
        (f"# x\n{SET}name: another\n", RULE),
        (f"{SET}params: {{own.least: 3}}\n", RULE),
        (SET, f"# x\n{RULE}"),
    ],
)
def test_what_changes_nothing(load, text, rule):
    assert compare_policy_sets(load("before", SET), load("after", text, rule)) is None


def test_a_table_with_another_row(load):
    row = "table: 1\nrows:\n  acme-1: {terms: [conditional], source: legal, date: 2026-01-01}\n"
    text = f"{SET}tables: {{licenses: t.yaml}}\n"
    before = load("before", text, more={"t.yaml": row})
    changes = compare_policy_sets(before, load("after", text, more={"t.yaml": row.replace("acme-1", "acme-2")}))
    assert changes is not None
    assert changes.settings == ("tables",)
