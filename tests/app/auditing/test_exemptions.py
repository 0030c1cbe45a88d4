"""How waivers stand at the end of a period."""

from __future__ import annotations

from datetime import date

import pytest

from policy.app.auditing.exemptions import Exemptions
from policy.model.waiver import Waiver
from policy.model.waiver_entry import WaiverEntry

TODAY = date(2026, 11, 1)
ENDS = date(2026, 12, 31)
RECORDED = Waiver("a", "price-*", "later", ENDS, "sales", "ML-1", approved_by="lee")
LISTED = WaiverEntry("a", "price-*", "later", "sales", "kim", ENDS, compensating_control="a person looks")


def list_all(exemptions, waived=None, wants=lambda *_: True):
    return exemptions.list_exemptions(waived or {}, wants)


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        (date(2026, 10, 31), "expired"),
        (date(2026, 11, 1), "expiring"),
        (date(2026, 11, 15), "expiring"),
        (date(2026, 11, 16), "active"),
    ],
)
def test_a_waiver_ends_with_its_last_day(expires, state):
    exemptions = Exemptions(TODAY)
    exemptions.add_recorded([RECORDED._replace(expires=expires)])
    assert [one.state for one in list_all(exemptions)] == [state]


def test_what_several_places_say_of_one_waiver_comes_together():
    exemptions = Exemptions(TODAY)
    exemptions.add_recorded([RECORDED])
    exemptions.add_listed([LISTED])
    asked = {"policy": "a", "subject": "price-*", "expires": "2026-12-31", "reason": "another"}
    exemptions.add_granted(asked, "zoe for lee, by request r-1")
    (one,) = list_all(exemptions)
    assert (one.owner, one.reason, one.control) == ("sales", "later", "a person looks")
    # Decisions name who has the right; the entries of the request say who used it.
    assert one.approved_by == "zoe for lee, by request r-1"
    assert one.counted


def test_one_that_no_decision_used_is_not_counted():
    exemptions = Exemptions(TODAY)
    exemptions.add_listed([LISTED])
    assert not list_all(exemptions)[0].counted


def test_results_belong_to_the_waiver_of_their_policy_end_and_projects():
    exemptions = Exemptions(TODAY)
    exemptions.add_recorded([RECORDED, RECORDED._replace(subject="reply-*")])
    waived = {("a", "2026-12-31", "price-bot"): [3, 1], ("a", "2026-12-31", "price-list"): [1, 0]}
    assert {one.subject: (one.failures, one.unknowns) for one in list_all(exemptions, waived)} == {
        "price-*": (4, 1),
        "reply-*": (0, 0),
    }


def test_results_that_several_waivers_fit_are_said_to_be_told_with_each():
    exemptions = Exemptions(TODAY)
    exemptions.add_recorded([RECORDED, RECORDED._replace(subject="*-bot"), RECORDED._replace(policy="b")])
    waived = {("a", "2026-12-31", "price-bot"): [3, 1], ("b", "2026-12-31", "price-bot"): [1, 0]}
    waived["a", "2026-12-31", "price-list"] = [2, 0]
    found = {(one.policy, one.subject): (one.failures, one.unknowns) for one in list_all(exemptions, waived)}
    assert found == {("a", "price-*"): (5, 1), ("a", "*-bot"): (3, 1), ("b", "price-*"): (1, 0)}
    (said,) = exemptions.list_shared()
    assert said.startswith(
        "4 waived results of `a` told with each of the waivers until 2026-12-31 that fit the project"
    )
    assert "for `*-bot` and `price-*`" in said
    apart = Exemptions(TODAY)
    apart.add_recorded([RECORDED, RECORDED._replace(subject="*-bot")])
    list_all(apart, waived, lambda *_: False)
    assert list(apart.list_shared()) == []


def test_a_waiver_that_only_its_decision_tells_of_is_listed():
    waived = {("b", "2026-10-01", "p"): [2, 0]}
    (one,) = list_all(Exemptions(TODAY), waived)
    assert (one.policy, one.subject, one.state, one.owner, one.failures) == ("b", "p", "expired", "", 2)


@pytest.mark.parametrize("expires", ["", "soon", "2026-02-30"])
def test_an_end_that_is_no_day_is_over(expires):
    exemptions = Exemptions(TODAY)
    exemptions.add_granted({"policy": "a", "subject": "*", "expires": expires}, "x")
    assert [one.state for one in list_all(exemptions)] == ["expired"]


def test_what_is_out_of_scope_is_left_out_and_what_is_over_comes_first():
    exemptions = Exemptions(TODAY)
    over = RECORDED._replace(policy="c", expires=date(2026, 10, 1))
    exemptions.add_recorded([RECORDED, RECORDED._replace(policy="b"), over])
    assert [one.policy for one in list_all(exemptions, wants=lambda policy, _: policy != "b")] == ["c", "a"]
