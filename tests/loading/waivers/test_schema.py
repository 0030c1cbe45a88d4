"""What an editor makes of a waiver file, and of what a policy set says of waivers."""

from __future__ import annotations

from typing import Any

import pytest

from policy.loading.policy_sets.schema import policy_set_json_schema
from policy.loading.waivers.files import KINDS
from policy.loading.waivers.schema import ABOUT, waivers_json_schema
from tests.building import make_policy
from tests.editor import Editor, see

POLICIES = (make_policy("policy: owned\nrequire: {present: [owner.team]}\n"),)
ENTRY = """\
waivers: 1
entries:
  - policy: owned
    subject: reply-*
    reason: moves
    owner: 4711
    requested_by: jan
    requested_on: 2026-11-20
    ticket:
    approved_by:
    expires: 2027-01-31
"""


def underline(text: str) -> list[str]:
    return Editor(waivers_json_schema(POLICIES)).underlines(see(text))


@pytest.mark.parametrize("text", [ENTRY, "waivers: 1\n", "waivers: 1\nentries:\n", "waivers: 1\nentries: []\n"])
def test_what_is_right_is_not_underlined(text):
    assert underline(text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ENTRY.replace("waivers: 1", "waivers: 2"), "$.waivers"),
        (ENTRY.replace("owned", "owmed"), "$.entries[0].policy"),
        (ENTRY.replace("2027-01-31", "soon"), "$.entries[0].expires"),
        (ENTRY.replace("2027-01-31", ""), "$.entries[0].expires"),
        (ENTRY.replace("    expires: 2027-01-31\n", ""), "$.entries[0]"),
        (ENTRY.replace("owner:", "ower:"), "$.entries[0]"),
        (ENTRY.replace("approved_by:", "approved_on: 2026-11-20"), "$.entries[0]"),
        ("entries: []\n", "$"),
    ],
)
def test_what_is_wrong_is_underlined(text, place):
    assert place in underline(text)


def test_every_key_is_described():
    item: dict[str, Any] = waivers_json_schema()["properties"]["entries"]["items"]
    assert list(item["properties"]) == list(KINDS)
    assert set(ABOUT) == set(KINDS)
    assert all(part["description"] for part in item["properties"].values())


def test_without_policies_any_may_be_named():
    assert Editor(waivers_json_schema()).underlines(see(ENTRY)) == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("waiver_rules: {longest: 30d, approvers: {default: [a], owned: [b]}, protected: [owned]}\n", []),
        ("waivers: [waivers.yaml]\ntrusted: {revision: origin/main, code_owners: true}\n", []),
        ("waiver_rules:\ntrusted:\n", []),
        ("waiver_rules: {longest: 30}\n", ["$.waiver_rules.longest"]),
        ("waiver_rules: {approver: {}}\n", ["$.waiver_rules"]),
        ("waiver_rules: {approvers: {default: a}}\n", ["$.waiver_rules.approvers.default"]),
        ("trusted: {code_owners: maybe}\n", ["$.trusted.code_owners"]),
        ("waivers: waivers.yaml\n", ["$.waivers"]),
    ],
)
def test_the_policy_sets_part(text, places):
    assert Editor(policy_set_json_schema(POLICIES)).underlines(see(f"policy_set: 1\n{text}")) == places
