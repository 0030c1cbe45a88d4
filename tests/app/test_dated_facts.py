"""Predicates see what follows from the policy set's tables, on the day of judging."""

from __future__ import annotations

from datetime import date

import pytest

from policy.app.subjects import build_subjects
from policy.app.workspace import open_workspace
from policy.loading.discovery import discover

PLUGIN = """\
def tell_seen(values):
    terms = values.get("model.license_terms", ())
    return f"{' '.join(terms)}, {values.get('provider.available')}, {values.get('evidence.stale_tables')}"
@hookimpl
def predicates(): return [Predicate(Field("x.seen", STRING, "seen"), tell_seen, 120.0)]
"""
FILES = {
    "ml-manifest.yaml": "manifest: 1\nproject: tone\nmodel: {license: cc-by-nc-4.0}\ntraining: {tool: openai}\n",
    "policies/own/seen.yaml": (
        "policy: seen\ntitle: Seen\nseverity: low\nrequire: {x.seen: {present: true}}\neffect: flag\n"
    ),
    "policy.yaml": "policy_set: 1\npolicies: [policies]\nplugins: [house]\n",
}


@pytest.mark.parametrize(
    ("today", "seen"),
    [
        (None, "non-commercial, None, None"),
        (date(2026, 1, 1), "non-commercial, True, 0"),
        (date(2027, 6, 1), "non-commercial, False, 2"),
    ],
)
def test_predicates_see_dated_facts(plant, plugin, today, seen):
    plugin("from policy.model.kinds import STRING\nfrom policy.model.schema import Field\n" + PLUGIN)
    workspace = open_workspace(str(plant(FILES)))
    (found,) = discover(["."])
    (facts,) = build_subjects(workspace, found.items[0], today).facts
    assert facts.values["x.seen"] == seen
