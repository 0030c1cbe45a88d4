"""Which projects, policies and requests are in scope."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from policy.app.auditing.wanted import Wanted

TEAMS = {"support-tone": ("support", "ada"), "support-search": ("support", ""), "billing": ("finance", "bob")}


def make(projects=(), teams=(), policies=(), frameworks=()):
    period = SimpleNamespace(since="2026-02-01", until="2026-03-01")
    scope: Any = SimpleNamespace(
        projects=projects, teams=teams, policies=policies, frameworks=frameworks, period=period
    )
    wanted = Wanted(scope)
    wanted.teams = dict(TEAMS)
    return wanted


@pytest.mark.parametrize(
    ("filters", "projects"),
    [
        ({}, ["billing", "new", "support-search", "support-tone"]),
        ({"projects": ("support-*",)}, ["support-search", "support-tone"]),
        ({"teams": ("finance",)}, ["billing"]),
        ({"projects": ("support-*",), "teams": ("finance",)}, []),
        ({"projects": ("new",)}, ["new"]),
    ],
)
def test_projects(filters, projects):
    assert [name for name in sorted([*TEAMS, "new"]) if make(**filters).wants_project(name)] == projects


@pytest.mark.parametrize(
    ("filters", "policies", "subject", "wants"),
    [
        ({}, None, "*", True),
        ({}, {"another"}, "*", False),
        ({"projects": ("support-*",)}, None, "support-tone", True),
        ({"projects": ("support-*",)}, None, "*", True),
        ({"projects": ("support-*",)}, None, "bill*", False),
        # Nothing was decided of it in the period.
        ({"projects": ("new",)}, None, "n*", True),
        ({"projects": ("new",), "teams": ("support",)}, None, "n*", False),
        ({"teams": ("support",)}, None, "support-*", True),
        ({"teams": ("support",)}, None, "billing", False),
        ({"teams": ("support",)}, {"a-policy"}, "support-tone", True),
    ],
)
def test_waivers_and_requests(filters, policies, subject, wants):
    assert make(**filters).make_wants(policies)("a-policy", subject) is wants


@pytest.mark.parametrize(
    ("policies", "frameworks", "found"),
    [
        ((), (), None),
        (("b",), (), {"b"}),
        ((), ("ai-act",), {"a"}),
        (("a", "b"), ("ai-act",), {"a"}),
        (("b",), ("ai-act",), set()),
    ],
)
def test_policies(policies, frameworks, found):
    one = SimpleNamespace(id="a", controls={"ai-act": ("9",)})
    sets = [SimpleNamespace(policies=[one, SimpleNamespace(id="b", controls={})])]
    assert make(policies=policies, frameworks=frameworks).find_policies(sets) == found


@pytest.mark.parametrize(
    ("decided", "said", "current"),
    [
        ("", {}, True),
        ("2026-02-01T00:00", {}, True),
        ("2026-01-31", {"expires": "2026-05-01"}, False),
        ("", {"expires": "2026-01-31"}, False),
        ("", {"expires": "2026-02-02"}, True),
    ],
)
def test_requests_of_the_period(decided, said, current):
    assert make().is_current(SimpleNamespace(decided=decided, said=said)) is current
