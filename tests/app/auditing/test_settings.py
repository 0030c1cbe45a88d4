"""Settings of servers in a report: each change, and on the first screen what is only watched."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from policy.app.auditing.gathering import AuditRequest, gather_report
from policy.app.auditing.period import read_period
from policy.app.auditing.settings import LOUD, say_value
from policy.app.ledgers.locating import Place
from policy.model.audit import Scope
from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.records.erasure import erase
from policy.records.ledger import create_ledger, open_ledger
from policy.records.objects import Draft
from policy.records.people import identify_person
from policy.records.server_settings import record_settings
from policy.records.settings_comparison import describe_settings
from tests.app.auditing.history import gather, keep_quarter
from tests.app.auditing.test_gathering import rewrite

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SAID = {"source": {"file": "policy.yaml", "commit": None}, "policy_set": "", "seen": "start", "actor": None}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.db"


def govern(url, day, *modes, server="tracking"):
    """From a day in August on, these modes are in force at a server, one for each experiment."""
    bindings = tuple(Binding((f"e-{number}",), (), ("p",), mode=mode) for number, mode in enumerate(modes))
    with create_ledger(url) as ledger:
        ledger.appender.now = lambda: datetime(2026, 8, day, tzinfo=UTC)
        return record_settings(ledger, server, describe_settings(MlflowSettings(bindings)), SAID)


def read(url, since="2026-08-10", until="2026-08-20"):
    scope = Scope(read_period(since, until, NOW), "2026-11-01")
    gathered = gather_report(AuditRequest(scope, NOW, Place(url)))
    watched = [doubt for doubt in gathered.report.doubts if doubt.startswith("what ") or "watched" in doubt]
    return gathered, watched


def list_changes(gathered):
    return [(one.entry, one.experiment, one.key, one.before, one.after) for one in gathered.report.settings]


def test_the_quarter_tells_each_change_with_where_it_is_from():
    changes = [(one.experiment, one.key, one.before, one.after) for one in gather().settings]
    assert changes == [
        ("", "app", "", "none"),
        ("", "without_manifest", "", "block"),
        ("support-*", "experiment", "", "name: support-*; project: faq, reply-tone"),
        ("lost, id 7", "experiment", "", "name: lost; id: 7; project: *; mode: enforce"),
        ("lost, id 7", "mode", "", "enforce"),
        ("", "without_manifest", "block", "flag"),
        ("lost, id 7", "mode", "enforce", "observe"),
    ]
    last = gather().settings[-1]
    assert (last.server, last.file, last.commit) == ("tracking", "policy.yaml", "3" * 40)


def test_a_switch_to_observe_stands_on_the_first_screen():
    last = gather().settings[-1]
    said = (
        f"what runs in `lost, id 7` at the server tracking is only observed since {last.time[:10]} (entry {last.entry})"
    )
    assert gather().doubts[0] == said


def test_what_was_switched_before_the_period_is_still_said(url):
    govern(url, 1, "", "")
    govern(url, 2, "observe", "")
    govern(url, 3, "observe", "flag")
    gathered, watched = read(url)
    assert gathered.report.settings == ()
    assert watched == [
        "what runs in `e-0` at the server tracking is only observed since 2026-08-02 (entry 2)",
        "what runs in `e-1` at the server tracking is flagged, and nothing more since 2026-08-03 (entry 3)",
    ]


def test_what_was_watched_for_a_while_is_said_for_that_period_only(url):
    govern(url, 1, "")
    govern(url, 11, "observe")
    govern(url, 12, "")
    gathered, watched = read(url)
    assert list_changes(gathered) == [(2, "e-0", "mode", "", "observe"), (3, "e-0", "mode", "observe", "")]
    assert watched == [
        "what runs in `e-0` at the server tracking is only observed since 2026-08-11 (entry 2), and no more at the end"
    ]
    assert read(url, "2026-08-13")[1] == []
    assert read(url, "2026-08-01", "2026-08-11")[1][0].endswith("(entry 2)")


def test_an_experiment_that_is_observed_from_the_start(url):
    govern(url, 15, "observe")
    assert read(url)[1] == ["what runs in `e-0` at the server tracking is only observed since 2026-08-15 (entry 1)"]


def test_each_server_is_told_apart(url):
    govern(url, 11, "observe")
    govern(url, 12, "", server="other")
    assert len(read(url)[1]) == 1
    govern(url, 13, "observe", server="other")
    assert len(read(url)[1]) == 2


def test_of_many_the_first_are_said_and_the_rest_is_counted(url):
    govern(url, 11, *["observe"] * 40)
    watched = read(url)[1]
    assert len(watched) == LOUD + 1
    assert watched[-1] == "35 times more something is or was only watched: see the settings below"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payloads SET body = x'7b7d' WHERE seq = 1",
        "DELETE FROM policy_sets WHERE seq = 1",
        "UPDATE policy_sets SET sources = 'sha256:0' WHERE seq = 1",
        "UPDATE policy_sets SET name = 'other' WHERE seq = 1",
    ],
)
def test_what_was_changed_is_named_and_tells_nothing(url, statement):
    govern(url, 11, "observe")
    rewrite(url, statement)
    gathered, watched = read(url)
    assert watched == []
    assert gathered.report.settings == ()
    assert gathered.problems[0].message == "the ledger holds something else than was recorded at entry 1"


def test_what_is_erased_tells_nothing(url):
    govern(url, 11, "")
    govern(url, 12, "observe")
    with open_ledger(url) as ledger:
        payload = ledger.read("SELECT payload FROM entries WHERE seq = 2")[0][0]
        erase(ledger, payload, by=identify_person(ledger, "lee"), reason="asked for")
    gathered, watched = read(url)
    assert gathered.problems == []
    assert {one.entry for one in gathered.report.settings} == {1}
    # The settings themselves are there, and when they came.
    assert watched == ["what runs in `e-0` at the server tracking is only observed since 2026-08-12 (entry 2)"]


def test_a_ledger_that_has_neither_runs_nor_settings(tmp_path):
    source = sqlite3.connect(keep_quarter().folder / "ledger.db")
    assert source.execute("SELECT count(*) FROM runs").fetchone()[0] == 10
    source.close()
    url = f"sqlite:///{tmp_path}/empty.db"
    create_ledger(url).close()
    gathered, watched = read(url)
    assert (gathered.report.settings, gathered.report.runs.tallies, watched) == ((), (), [])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        ("block", "block"),
        ([], ""),
        (["a", "b"], "a, b"),
        ({"name": ["a"], "mode": None}, "name: a"),
        (3, "3"),
    ],
)
def test_a_value_is_said_in_one_line(value, said):
    assert say_value(value) == said


def test_a_gate_that_only_watches_stands_there_too(url):
    gates = {"run": {"mode": "enforce"}, "release": {"mode": "observe"}, "team.yaml": {"run": {"mode": "flag"}}}
    with create_ledger(url) as ledger:
        ledger.appender.now = lambda: datetime(2026, 8, 12, tzinfo=UTC)
        record_settings(ledger, "tracking", describe_settings(MlflowSettings(()), gates), SAID)
    gathered, watched = read(url)
    assert [change for change in list_changes(gathered) if "gates" in change[2]] == [
        (1, "", "gates.release.mode", "", "observe"),
        (1, "", "gates.run.mode", "", "enforce"),
        (1, "", "gates.team.yaml.run.mode", "", "flag"),
    ]
    since = "at the server tracking is {} since 2026-08-12 (entry 1)"
    assert watched == [
        f"what meets the gate `release` {since.format('only observed')}",
        f"what meets the gate `run` of `team.yaml` {since.format('flagged, and nothing more')}",
    ]


def test_what_was_released_meanwhile_is_counted(url):
    govern(url, 1, "")
    for day, count in ((9, 1), (11, 1), (12, 2), (21, 1)):
        with create_ledger(url) as ledger:
            ledger.appender.now = lambda day=day: datetime(2026, 8, day, tzinfo=UTC)
            released = [{"server": "tracking", "model": f"m{day}", "run": f"r{number}"} for number in range(count)]
            ledger.append([Draft("observed-release", one) for one in released])
    said = [doubt for doubt in read(url)[0].report.doubts if "passed" in doubt]
    why = "passed that would have been refused, because nothing is enforced there"
    assert said == [f"3 versions of registered models {why} (3 entries from 3 on)"]
    said = [doubt for doubt in read(url, "2026-08-21", "2026-08-22")[0].report.doubts if "passed" in doubt]
    assert said == [f"1 version of a registered model {why} (entry 6)"]
