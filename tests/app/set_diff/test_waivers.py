"""Waivers that are added, removed and changed, and what that does."""

from __future__ import annotations

import pytest

from tests.app.set_diff.conftest import SET

TEXT = f"{SET}waivers: [waivers.yaml]\nwaiver_rules: {{approvers: {{default: [maria, nils]}}}}\n"
GIVEN = {
    "policy": "own",
    "subject": "legacy-*",
    "reason": "it ends in March",
    "owner": "ml",
    "requested_by": "jan",
    "requested_on": "2026-01-01",
    "approved_by": "maria",
    "approved_on": "2026-01-02",
    "expires": "2026-03-01",
}


def write(*entries: dict[str, str]) -> dict[str, str]:
    """A policy set with these waivers."""
    lines = [f"  - {{{', '.join(f'{key}: {value}' for key, value in entry.items() if value)}}}" for entry in entries]
    listed = "\n".join(["entries:", *lines]) if lines else "entries: []"
    return {"policy.yaml": TEXT, "waivers.yaml": f"waivers: 1\n{listed}\n"}


def change(**values: str) -> dict[str, str]:
    return {**GIVEN, **values}


UNAPPROVED = change(approved_by="", approved_on="")
CHANGES = {
    "a later end": (GIVEN, change(expires="2026-03-02"), {"expires": "milder"}, "milder"),
    "an earlier end": (GIVEN, change(expires="2026-02-01"), {"expires": "stricter"}, "stricter"),
    "a later end of what is not approved": (
        UNAPPROVED,
        {**UNAPPROVED, "expires": "2026-03-02"},
        {"expires": "neither"},
        "neither",
    ),
    "approved": (UNAPPROVED, GIVEN, {"approved_by": "milder", "approved_on": "neither"}, "milder"),
    "no longer approved": (GIVEN, UNAPPROVED, {"approved_by": "stricter", "approved_on": "neither"}, "stricter"),
    "approved by another": (GIVEN, change(approved_by="nils"), {"approved_by": "unclear"}, "unclear"),
    "another reason": (GIVEN, change(reason="it ends later"), {"reason": "neither"}, "neither"),
    "a ticket": (GIVEN, change(ticket="ML-7"), {"ticket": "neither"}, "neither"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_waiver_that_is_changed(case, compare):
    old, new, told, direction = CHANGES[case]
    changes = compare(write(old), write(new))
    (waiver,) = changes.waivers
    assert (waiver.policy, waiver.subject, waiver.change) == ("own", "legacy-*", "changed")
    assert {change.key: change.direction for change in waiver.changes} == told
    assert (waiver.direction, changes.policies, changes.settings) == (direction, (), ())


@pytest.mark.parametrize(("entry", "direction"), [(GIVEN, "milder"), (UNAPPROVED, "neither")])
def test_a_waiver_that_only_one_has(entry, direction, compare):
    (added,) = compare(write(), write(entry)).waivers
    (removed,) = compare(write(entry), write()).waivers
    assert (added.change, added.direction) == ("added", direction)
    assert (removed.change, removed.direction) == ("removed", {"milder": "stricter"}.get(direction, direction))
    told = {change.key: change for change in added.changes}
    assert (told["expires"].old, told["expires"].new) == (None, "2026-03-01")
    assert told["expires"].new_at is not None
    assert told["expires"].new_at.file.endswith("waivers.yaml")
    assert {change.key for change in added.changes} == {change.key for change in removed.changes}


def test_another_subject_is_another_waiver(compare):
    found = compare(write(GIVEN), write(change(subject="old-*"))).waivers
    assert [(waiver.subject, waiver.change) for waiver in found] == [("legacy-*", "removed"), ("old-*", "added")]


def test_of_several_for_one_subject_those_that_are_the_same_are_set_apart(compare):
    second = change(expires="2026-06-01", reason="once more")
    (waiver,) = compare(write(GIVEN, second), write(second)).waivers
    assert (waiver.change, waiver.direction) == ("removed", "stricter")
    assert {found.key: found.old for found in waiver.changes}["expires"] == "2026-03-01"


def test_the_order_of_waivers_and_their_file_say_nothing(compare):
    other = change(subject="old-*")
    moved = {**write(), "more.yaml": write(other, GIVEN)["waivers.yaml"]}
    moved["policy.yaml"] = TEXT.replace("[waivers.yaml]", "[waivers.yaml, more.yaml]")
    assert compare(write(GIVEN, other), moved).waivers == ()
