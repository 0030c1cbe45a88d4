"""Which waivers count, and that one which does not never changes a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.engine.waiving import assess_waivers, find_barriers, find_longest, list_approvers
from policy.errors import Location
from policy.model.waiver_entry import STATES, Doubt, Standing, Trust, WaiverEntry, WaiverRules, Waiving
from tests.building import NOW, decide, make_facts, make_policy

TODAY = NOW.date()
FILE = "waivers.yaml"
RULES = WaiverRules(approvers={"default": ("Maria", "nils"), "guarded": ("olga",)})


def make_entry(**changes: Any) -> WaiverEntry:
    given = {
        "policy": "test-policy",
        "subject": "*",
        "reason": "the data moves",
        "owner": "support-ml",
        "requested_by": "jan",
        "requested_on": TODAY - timedelta(days=10),
        "approved_by": "maria",
        "approved_on": TODAY - timedelta(days=5),
        "expires": TODAY + timedelta(days=60),
        "layer": "policy.yaml",
        "location": Location(FILE, 3, 5),
    }
    return WaiverEntry(**{**given, **changes})


def trust(*entries: WaiverEntry, rules: tuple[WaiverRules, ...] = (RULES,), **changes: Any) -> Trust:
    """A revision that holds these entries."""
    return Trust("origin/main", {FILE: frozenset(entries)}, rules)._replace(**changes)


def assess(entry: WaiverEntry, *rules: WaiverRules, shown: Trust | None = None, **changes: Any) -> Standing:
    waiving = Waiving((entry,), rules or (RULES,))._replace(**changes)
    (standing,) = assess_waivers(waiving, trust(entry) if shown is None else shown, TODAY)
    assert standing.counts == (standing.state in ("active", "expiring")) == (not standing.doubts)
    return standing


def reasons(standing: Standing) -> list[str]:
    return [doubt.why for doubt in standing.doubts]


def test_an_approved_waiver_that_the_trusted_revision_holds_counts():
    assert assess(make_entry()) == Standing(make_entry(), "active", (), 60)


@pytest.mark.parametrize(
    ("days", "before", "state"),
    [
        (0, None, "expiring"),
        (14, None, "expiring"),
        (15, None, "active"),
        (30, 30, "expiring"),
        (31, 30, "active"),
        (1, 0, "active"),
        (-1, None, "expired"),
    ],
)
def test_what_ends_soon_counts_to_the_end_of_its_day(days, before, state):
    rules = RULES if before is None else WaiverRules(RULES.approvers, warn_before=before)
    assert assess(make_entry(expires=TODAY + timedelta(days=days)), rules).state == state


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        ({"expires": TODAY - timedelta(days=1)}, "expired", "it ended on 2026-11-19"),
        ({"approved_by": "", "approved_on": None}, "pending", "nobody has approved it"),
        (
            {"approved_on": None, "requested_on": None},
            "pending",
            "it does not say when it was approved",
        ),
        (
            {"approved_on": TODAY + timedelta(days=1)},
            "pending",
            "it is dated 2026-11-21, which is still to come",
        ),
        (
            {"requested_on": TODAY - timedelta(days=4)},
            "pending",
            "it was approved on 2026-11-15, and asked for only on 2026-11-16",
        ),
        ({"requested_by": "Maria"}, "refused", "maria approves it and also asked for it"),
        ({"requested_by": " MARIA "}, "refused", "maria approves it and also asked for it"),
        ({"approved_by": "@maria", "owner": "maria"}, "refused", "@maria approves it and also owns it"),
        ({"approved_by": "jan"}, "refused", "the policy set does not let jan waive `test-policy`"),
        ({"approved_by": "mar\u00adia"}, "refused", "the policy set does not let mar\u00adia waive `test-policy`"),
        ({"policy": "guarded"}, "refused", "the policy set does not let maria waive `guarded`"),
        (
            {"expires": TODAY + timedelta(days=86)},
            "refused",
            "it holds for 91 days, and 90 are allowed",
        ),
        (
            {"approved_by": "", "approved_on": None, "expires": TODAY + timedelta(days=81)},
            "refused",
            "it holds for 91 days, and 90 are allowed",
        ),
    ],
)
def test_what_does_not_count_says_why(changes, state, why):
    standing = assess(make_entry(**changes))
    assert standing.state == state
    assert why in reasons(standing)
    assert all(doubt.remedy for doubt in standing.doubts)


def test_everything_that_speaks_against_it_is_said():
    entry = make_entry(approved_by="jan", expires=TODAY + timedelta(days=900))
    assert [doubt.key for doubt in assess(entry).doubts] == ["approved_by", "expires", "approved_by"]


@pytest.mark.parametrize(
    ("rules", "approvers"),
    [
        ((), ()),
        ((WaiverRules(longest=30),), ()),
        ((WaiverRules({}),), ()),
        ((WaiverRules({"default": ()}),), ()),
        ((WaiverRules({"other": ("olga",)}),), ()),
        ((RULES,), ("Maria", "nils")),
        ((WaiverRules({"default": ("maria",), "test-policy": ("olga",)}),), ("olga",)),
        # A layer that says nothing of approvers takes none away.
        ((RULES, WaiverRules(longest=30)), ("Maria", "nils")),
        # One that does leaves those that both name.
        ((RULES, WaiverRules({"default": ("NILS", "petra")})), ("nils",)),
        ((RULES, WaiverRules({"default": ("petra",)})), ()),
    ],
)
def test_who_may_approve_is_who_every_layer_lets(rules, approvers):
    assert list_approvers("test-policy", rules) == approvers
    if not approvers:
        waiving = Waiving((make_entry(),), rules)
        (standing,) = assess_waivers(waiving, trust(make_entry()), TODAY)
        assert "the policy set names nobody who may waive `test-policy`" in reasons(standing)


def test_the_shortest_length_holds():
    assert find_longest(()) == 90
    assert find_longest((WaiverRules(longest=30), WaiverRules(), WaiverRules(longest=60))) == 30
    assert find_longest((WaiverRules(longest=365),)) == 365


def test_a_protected_policy_is_waived_by_nobody():
    rules = (RULES, WaiverRules(protected=frozenset({"test-policy"})))
    assert reasons(assess(make_entry(), *rules)) == ["the policy set protects `test-policy`: nobody may waive it"]


@pytest.mark.parametrize(("layer", "counts"), [("organisation/policy.yaml", True), ("policy.yaml", False)])
def test_a_final_policy_is_waived_only_by_the_layer_that_made_it_final(layer, counts):
    finals = {"test-policy": ("organisation/policy.yaml",), "other": ("policy.yaml",)}
    standing = assess(make_entry(layer=layer), finals=finals)
    assert standing.counts is counts
    # It is final, too, where only the trusted revision says so.
    entry = make_entry(layer=layer)
    assert assess(entry, shown=trust(entry, finals=finals)).counts is counts


def test_a_policy_that_two_layers_made_final_is_waived_by_neither():
    finals = {"test-policy": ("mine/policy.yaml", "organisation/policy.yaml")}
    for layer, other in zip(finals["test-policy"], reversed(finals["test-policy"]), strict=True):
        (why,) = reasons(assess(make_entry(layer=layer), finals=finals))
        assert why == f"`test-policy` is final: only waivers that {other} lists can concern it"


DOUBT = Doubt("nothing can be shown", "say which revision")


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (Trust("origin/main"), "it does not stand like this at the trusted revision origin/main"),
        (trust(make_entry(reason="another")), "it does not stand like this at the trusted revision origin/main"),
        (trust(make_entry(approved_by="")), "it does not stand like this at the trusted revision origin/main"),
        (
            trust()._replace(entries={"other.yaml": frozenset({make_entry()})}),
            "it does not stand like this at the trusted revision origin/main",
        ),
        (trust(make_entry(), doubt=DOUBT), "nothing can be shown"),
        (trust(make_entry(), doubts={FILE: DOUBT}), "nothing can be shown"),
        (
            trust(make_entry(), rules=()),
            "the policy set at origin/main names nobody who may waive `test-policy`",
        ),
        (
            trust(make_entry(), rules=(WaiverRules({"default": ("olga",)}),)),
            "the policy set at origin/main does not let maria waive `test-policy`",
        ),
        (
            trust(make_entry(), rules=(WaiverRules(RULES.approvers, longest=60),)),
            "it holds for 65 days, and 60 are allowed",
        ),
    ],
)
def test_an_approval_counts_only_where_the_trusted_revision_shows_it(shown, why):
    standing = assess(make_entry(), shown=shown)
    assert standing.state == "pending"
    assert reasons(standing) == [why]


def test_a_rule_that_a_proposal_makes_stricter_holds_at_once():
    assert assess(make_entry(), WaiverRules({"default": ("olga",)}), shown=trust(make_entry())).state == "refused"


def test_where_an_entry_stands_is_no_part_of_what_it_says():
    moved = make_entry(location=Location(FILE, 90, 1), layer="other.yaml", places={"policy": Location(FILE, 90)})
    assert moved == make_entry()
    assert assess(make_entry(), shown=trust(moved)).counts


def test_what_no_approval_can_cure_is_known_when_it_is_asked_for():
    asked = make_entry(approved_by="", approved_on=None)
    assert list(find_barriers(asked, Waiving(rules=(RULES,)))) == []
    # Who may approve can be said later.
    assert list(find_barriers(asked, Waiving())) == []
    long = make_entry(approved_by="", approved_on=None, expires=TODAY + timedelta(days=100))
    assert [doubt.key for doubt in find_barriers(long, Waiving())] == ["expires"]
    protected = (WaiverRules(protected=frozenset({"test-policy"})),)
    assert [doubt.key for doubt in find_barriers(asked, Waiving(rules=protected))] == ["policy"]
    foreign = Waiving(rules=(RULES,), finals={"test-policy": ("org.yaml",)})
    assert [doubt.key for doubt in find_barriers(asked, foreign)] == ["policy"]


# Whatever else a waiver says

POLICY = make_policy("require: {approach: rag}\neffect: block\n")
# The same letters in their full width make nobody another person.
WIDE = "".join(chr(ord(letter) + 0xFEE0) for letter in "MARIA")
NAMES = st.sampled_from(["maria", "Maria", "@maria", "nils", "jan", "olga", "support-ml", WIDE])
DAYS = st.dates(TODAY - timedelta(days=120), TODAY + timedelta(days=120))
ENTRIES = st.builds(
    make_entry,
    subject=st.sampled_from(["*", "reply-tone", "reply-*", "other"]),
    owner=NAMES,
    requested_by=NAMES,
    requested_on=st.none() | DAYS,
    approved_by=st.just("") | NAMES,
    approved_on=st.none() | DAYS,
    expires=DAYS,
)
FLAWS = st.sampled_from(["expired", "unapproved", "asked for by the approver", "owned by the approver", "not trusted"])


@dataclass
class Flawed:
    """An entry with one thing wrong, and what the trusted revision shows."""

    entry: WaiverEntry
    shown: Trust


@st.composite
def flawed(draw: Any) -> Flawed:
    entry, flaw = draw(ENTRIES), draw(FLAWS)
    values = {name: getattr(entry, name) for name in entry._fields}
    approver = entry.approved_by or "maria"
    changes: dict[str, Any] = {
        "expired": {"expires": min(entry.expires, TODAY - timedelta(days=1))},
        "unapproved": {"approved_by": "", "approved_on": None},
        "asked for by the approver": {"approved_by": approver, "requested_by": approver.upper()},
        "owned by the approver": {"approved_by": approver, "owner": f" {approver} "},
        "not trusted": {},
    }[flaw]
    entry = WaiverEntry(**{**values, **changes})
    return Flawed(entry, Trust("origin/main", rules=(RULES,)) if flaw == "not trusted" else trust(entry))


def decide_with(entries: tuple[WaiverEntry, ...], shown: Trust) -> Any:
    standings = assess_waivers(Waiving(entries, (RULES,)), shown, TODAY)
    assert all(standing.state in STATES for standing in standings)
    counted = tuple(standing.entry.waiver for standing in standings if standing.counts)
    return decide(POLICY, make_facts("project: reply-tone\napproach: fine-tuning\n"), gate="ci", waivers=counted)


@given(flawed())
def test_a_waiver_that_is_expired_unapproved_or_approved_by_its_own_never_changes_a_decision(case):
    assert decide_with((case.entry,), case.shown) == decide_with((), case.shown)


@given(ENTRIES)
def test_a_waiver_that_counts_is_approved_by_somebody_else_who_may_for_a_time_that_is_allowed(entry):
    (standing,) = assess_waivers(Waiving((entry,), (RULES,)), trust(entry), TODAY)
    if standing.counts:
        start = entry.approved_on or entry.requested_on
        assert start is not None
        assert start <= TODAY <= entry.expires
        assert (entry.expires - start).days <= 90
        assert entry.approved_by.strip("@").casefold() in ("maria", "nils", WIDE.casefold())
        assert entry.approved_by not in (entry.owner, entry.requested_by)


def test_the_property_above_meets_waivers_that_count():
    entry = make_entry(subject="reply-*")
    decision = decide_with((entry,), trust(entry))
    assert decision != decide_with((), trust(entry))
    assert decision.verdict == "allow"
    assert date.fromisoformat("2027-01-19") == entry.expires
