"""Who may break the glass while the ledger is down, for what, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from policy.app.runs.attempt import Attempt
from policy.app.runs.glass import check_glass, check_reason, find_bar, make_glass, read_glass, shorten
from policy.errors import PolicyError
from policy.model.approval_settings import ApprovalSettings
from policy.records.requests.clock import write_time
from policy.records.requests.refusals import RefusedError
from policy.records.spool_statements import Statement

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
ATTEMPT = Attempt("7", "support-one", "ada", "sha256:" + "1" * 64, "training")
SETTINGS = ApprovalSettings(
    roles={"on-call": ("olga", "bob")},
    people={"olga": ("olga@example.com",)},
    override_roles=("on-call",),
    override_lasts=7_200_000,
)


def judge(settings=SETTINGS) -> Any:
    return SimpleNamespace(workspace=SimpleNamespace(policy_set=SimpleNamespace(approvals=settings)), digest="")


def glass(**changes):
    return make_glass(ATTEMPT, ("ada", "eve"), "olga", judge(), NOW)._replace(**changes)


@pytest.mark.parametrize(
    ("change", "minutes", "covers"),
    [
        ({}, 0, True),
        ({}, 119, True),
        ({"principal": "EVE"}, 1, True),
        ({}, 120, False),
        ({}, -1, False),
        ({"principal": "bob"}, 1, False),
        ({"experiment": "8"}, 1, False),
        ({"manifest": "sha256:" + "2" * 64}, 1, False),
        ({"manifest": ""}, 1, False),
        ({"activity": "baseline"}, 1, False),
    ],
)
def test_what_it_covers(change, minutes, covers):
    assert glass().covers(ATTEMPT._replace(**change), NOW + timedelta(minutes=minutes)) is covers


@pytest.mark.parametrize(
    ("change", "settings", "owners", "why"),
    [
        ({}, SETTINGS, (), ""),
        ({"person": "olga@example.com"}, SETTINGS, (), ""),
        ({"person": "ada"}, SETTINGS, (), "ada trains there"),
        ({"person": "Olga@example.com"}, SETTINGS, ("olga",), "is an owner of the project"),
        ({}, SETTINGS, ("Olga <olga@example.com>",), "is an owner of the project"),
        ({"principals": ("olga@example.com",)}, SETTINGS, (), "olga trains there"),
        ({"person": "zoe"}, SETTINGS, (), "zoe may not break the glass"),
        ({}, ApprovalSettings(), (), "nobody may break the glass"),
        # Who has lost the role, and what lasts for longer than is allowed by now, lets nothing begin any more.
        ({}, ApprovalSettings(roles={"on-call": ("bob",)}, override_roles=("on-call",)), (), "olga may not"),
        ({"ends": NOW + timedelta(hours=3)}, SETTINGS, (), "for longer than the policy set allows"),
    ],
)
def test_who_may_not(change, settings, owners, why):
    found = find_bar(glass(**change), judge(settings), owners)
    assert why in found
    assert bool(found) is bool(why)
    if why:
        with pytest.raises(RefusedError) as caught:
            check_glass(glass(**change), judge(settings), owners)
        assert caught.value.problems[0].remedy


def test_it_is_as_short_as_is_asked_and_never_longer_than_is_allowed():
    assert shorten(glass(), 3_600_000).ends == NOW + timedelta(hours=1)
    assert shorten(glass(), 36_000_000).ends == NOW + timedelta(hours=2)
    assert shorten(glass(), None).ends == NOW + timedelta(hours=2)


@pytest.mark.parametrize("text", ["", " ", "\0", "x" * 4_001, "the key is AKIAIOSFODNN7EXAMPLQ"])
def test_a_reason_is_needed_and_holds_no_secret(text):
    with pytest.raises(PolicyError):
        check_reason(text)


def test_what_is_stated_is_read_again():
    made = glass()
    said = {**made._asdict(), "principals": list(made.principals), "ends": write_time(made.ends)}
    said.pop("time")
    assert read_glass(Statement("glass", "one", write_time(made.time), said)) == made
