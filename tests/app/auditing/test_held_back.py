"""What only observes or flags stands on the first screen, by the policy sets that were in force."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.held_back import list_held_back
from policy.app.auditing.period import read_period
from policy.app.auditing.tally import SetUse
from policy.app.ledgers.locating import Place
from policy.model.audit import Scope
from policy.model.policy import GateSettings, PolicySet
from policy.reports.audit.document import write_document
from policy.reports.audit.markdown import write_markdown
from policy.reports.audit.page import write_page
from tests.app.auditing.history import POLICIES, History, gather, write_manifest
from tests.building import make_policy

OWN = tuple(make_policy(text, f"{name}.yaml") for name, text in sorted(POLICIES.items()))
NAMES = tuple(policy.id for policy in OWN)
SET = "policy_set: 1\nname: acme\npolicies: [policies/own]\nledger: sqlite:///../ledger.db\n"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def use(first, last):
    made = SetUse("tunegate 1", f"{first}T10:00:00Z")
    made.last = f"{last}T10:00:00Z"
    return made


def tell(sets, uses, gates=("ci",), policies=None):
    return list(list_held_back(uses, sets, gates, policies))


ENFORCING = PolicySet(OWN, name="acme")
OBSERVING = PolicySet(OWN, name="acme", modes={"lasting-data": "observe", "owner-named": "enforce"})
FLAGGING = PolicySet(OWN, name="acme", modes={"lasting-data": "flag", "owner-named": "flag"})
GATE = PolicySet(OWN, name="", gates={"ci": GateSettings(mode="observe"), "run": GateSettings(mode="flag")})
LATER = PolicySet(OWN, name="acme", starts={"lasting-data": date(2026, 9, 15)})
SEPTEMBER = "by the policy set acme, decisions from 2026-09-01 to 2026-09-30"
UNKNOWN = PolicySet(OWN, name="acme", modes={"gone": "observe"})


@pytest.mark.parametrize(
    ("policy_set", "lines"),
    [
        (ENFORCING, []),
        (UNKNOWN, []),
        (OBSERVING, [f"only observed {SEPTEMBER}: `lasting-data`"]),
        (
            FLAGGING,
            [f"flagged, and nothing more {SEPTEMBER}: `lasting-data`, `owner-named`"],
        ),
        (GATE, ["only observed by the policy set of no name, decisions from 2026-09-01 to 2026-09-30: the gate `ci`"]),
        (
            LATER,
            [f"before 2026-09-15, from when on they act in full, flagged at most {SEPTEMBER}: `lasting-data`"],
        ),
    ],
)
def test_what_a_policy_set_holds_back(policy_set, lines):
    assert tell({"a": policy_set}, {"a": use("2026-09-01", "2026-09-30")}) == lines


def test_days_are_those_of_all_sets_that_hold_it_back():
    sets = {"a": OBSERVING, "b": ENFORCING, "c": OBSERVING, "d": FLAGGING}
    uses = {
        "a": use("2026-09-01", "2026-09-02"),
        "b": use("2026-09-03", "2026-09-03"),
        "c": use("2026-09-04", "2026-09-06"),
        "d": use("2026-09-07", "2026-09-07"),
        "not read": use("2026-08-01", "2026-10-07"),
    }
    assert tell(sets, uses) == [
        "flagged, and nothing more by the policy set acme, decisions on 2026-09-07: `lasting-data`, `owner-named`",
        "only observed by the policy set acme, decisions from 2026-09-01 to 2026-09-06: `lasting-data`",
    ]


def test_what_is_out_of_scope_is_not_told():
    uses = {"a": use("2026-09-01", "2026-09-01")}
    assert tell({"a": OBSERVING}, uses, policies=["owner-named"]) == []
    assert tell({"a": FLAGGING}, uses, policies=["owner-named"])[0].endswith(": `owner-named`")
    assert tell({"a": GATE}, uses, gates=("release",)) == []
    assert tell({"a": GATE}, uses, policies=[]) == []
    # The day from which it acts in full is over.
    assert tell({"a": LATER}, {"a": use("2026-09-15", "2026-09-15")}) == []


def test_a_reader_sees_it_before_any_table(tmp_path):
    history = History(tmp_path)
    history.write({f"policies/own/{name}.yaml": text for name, text in POLICIES.items()})
    history.write({"a/ml-manifest.yaml": write_manifest("a", data="data: {change_interval: 3d}")})
    for mode in ("observe", "flag", "enforce"):
        history.write({"policy.yaml": f"{SET}modes: {{lasting-data: {mode}}}\n"})
        history.judge(after=timedelta(days=7))
    scope = Scope(read_period("2026-08-01", "2026-08-23", NOW), "2026-11-01")
    report = gather_report(AuditRequest(scope, NOW, Place(history.url))).report
    lines = [
        "flagged, and nothing more by the policy set acme, decisions on 2026-08-17: `lasting-data`",
        "only observed by the policy set acme, decisions on 2026-08-10: `lasting-data`",
    ]
    assert [doubt for doubt in report.doubts if "lasting-data" in doubt] == lines
    markdown, page = "".join(write_markdown(report, 20)), "".join(write_page(report, 20))
    for text, first_table in ((markdown, "## Verdicts over time"), (page, 'id="verdicts"')):
        head = text.partition(first_table)[0]
        assert first_table in text
        assert "only observed by the policy set acme" in head
    assert "only observed by the policy set acme" in "".join(write_document(report))


def test_where_all_is_enforced_nothing_is_said():
    assert not [doubt for doubt in gather().doubts if "by the policy set" in doubt]
