"""Requests as their entries tell them, also where these tell nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policy.app.auditing.requests import FORMAT, LOUD, Requests, Step, list_broken_glass, list_overrulings

START = datetime(2026, 8, 1, 9, tzinfo=UTC)
ASKED = {
    "event": "asked",
    "kind": "approval",
    "project": "faq",
    "requester": "p-kim",
    "expires": "2026-08-15T09:00:00Z",
}


def at(hours):
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tell(*steps):
    requests = Requests(str.upper)
    for seq, (kind, hours, said) in enumerate(steps, 1):
        payload = None if said is None else {"format": FORMAT, "request": "r-1", **said}
        requests.add(Step(seq, at(hours), kind, payload))
    return requests


def note(*steps, until="2026-08-10T00:00:00Z"):
    (one,) = tell(("request", 0, ASKED), *steps).list_requests({"r-1": ("a", "b")}, until)
    return one


YES = {"person": "p-lee", "reason": "fine", "state": "approved", "ends": "2026-09-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("steps", "state", "minutes"),
    [
        ((), "pending", None),
        ((("approval", 5, YES),), "approved", 300),
        ((("approval", 1, YES | {"state": "pending"}), ("approval", 2, YES | {"person": "p-mo"})), "approved", 120),
        ((("rejection", 1, YES | {"state": "rejected"}),), "rejected", 60),
        ((("override", 1, YES),), "override", 60),
        ((("withdrawal", 3, {"state": "withdrawn", "person": "p-kim"}),), "withdrawn", None),
        ((("withdrawal", 3, {"state": "pending", "person": "p-kim"}),), "pending", None),
        ((("expiry", 400, {}),), "expired", None),
        ((("comment", 1, {"comment": "hm"}),), "pending", None),
    ],
)
def test_how_a_request_stands(steps, state, minutes):
    one = note(*steps)
    assert (one.state, one.minutes) == (state, minutes)
    assert one.asked_by == "P-KIM"


def test_who_decided_for_somebody_else_is_named_with_them():
    behalf = {"person": "p-zoe", "behalf": "p-lee"}
    one = note(("approval", 1, YES | {"state": "pending"} | behalf), ("approval", 2, YES | {"behalf": None}))
    assert one.decided_by == "P-ZOE for P-LEE, P-LEE"
    (lee, zoe) = tell(("request", 0, ASKED), ("approval", 1, YES | behalf), ("approval", 2, YES)).list_voters()
    assert [(voter.person, voter.approved) for voter in (lee, zoe)] == [("P-LEE", 1), ("P-ZOE", 1)]


def test_one_that_nobody_decided_in_time_is_expired_without_an_entry():
    one = note(until="2026-08-20T00:00:00Z")
    assert (one.state, one.decided) == ("expired", "2026-08-15T09:00:00Z")


def test_broken_glass_tells_who_when_why_and_what_the_review_found():
    one = note(("override", 1, YES | {"reason": "now"}), ("review", 30, {"person": "p-mo", "finding": "it was needed"}))
    assert (one.decided_by, one.reason, one.reviewed, one.ends) == ("P-LEE", "now", "it was needed", YES["ends"])


def test_broken_glass_is_said_aloud_and_how_often():
    one = note(("override", 1, YES | {"reason": "now"}))._replace(gate="run")
    said = "the glass was broken for faq at the gate run by P-LEE, 2026-08-01: now (r-1; nobody has reviewed it)"
    assert list(list_broken_glass([note(), note(("approval", 1, YES)), one])) == [said]
    (reviewed,) = list_broken_glass([one._replace(reviewed="needed", reason="x" * 4000)])
    assert reviewed.endswith(f": {'x' * 200}… (r-1; reviewed: needed)")
    *shown, last = list_broken_glass([one] * (LOUD + 2))
    assert (shown, last) == ([said] * LOUD, "the glass was broken 2 times more: see the approvals")


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ((), ASKED["expires"]),
        ((("approval", 1, YES),), YES["ends"]),
        ((("rejection", 1, YES | {"state": "rejected", "ends": None}),), ""),
        ((("withdrawal", 1, {"state": "withdrawn"}),), ""),
        ((("expiry", 400, {}),), ASKED["expires"]),
    ],
)
def test_what_was_refused_has_no_end(steps, ends):
    assert note(*steps).ends == ends


def test_who_joins_asks_too():
    assert note(("request", 1, {"event": "joined", "requesters": ["p-jo"]})).asked_by == "P-KIM, P-JO"


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"format": "of-tomorrow/9"},
        {"request": None},
        {"request": ["r-1"]},
        {"request": "r-unknown"},
    ],
)
def test_what_cannot_be_told_is_passed_over(said):
    assert note(("approval", 1, said)).state == "pending"


def test_erased_steps_are_counted():
    assert tell(("request", 0, None)).erased == 1


def test_who_decided_how_often_and_how_long_others_waited():
    requests = tell(("request", 0, ASKED), ("approval", 1, YES | {"state": "pending"}), ("override", 3, YES))
    assert requests.list_voters() == (("P-LEE", 1, 0, 1, 60, 180),)


def test_how_often_a_policy_is_overruled():
    yes, no, glass, other = note(("approval", 5, YES)), note(), note(("override", 1, YES)), note(("approval", 5, YES))
    assert list_overrulings([yes, no, glass, other._replace(kind="waiver")]) == (
        ("a", 3, 1, 1, 0, 1),
        ("b", 3, 1, 1, 0, 1),
    )
