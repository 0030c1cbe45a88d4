"""A change of an MLflow server's settings is an entry of its own, made once, and it is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.records.erasure import erase
from policy.records.ledger import create_ledger
from policy.records.objects import Draft, store_json
from policy.records.people import identify_person
from policy.records.policy_sets import CHANGE
from policy.records.scanning import Findings
from policy.records.server_settings import FORMAT, KIND, read_change, record_settings
from policy.records.settings_comparison import describe_settings
from policy.records.snapshot import open_snapshot
from policy.records.use_check import UseCheck
from policy.records.verification import verify_ledger
from tests.records.keeping import tampering
from tests.records.uses import draft_under

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/policy-mlflow-settings-change-1.json"
OBSERVES = "CAST(body AS TEXT) LIKE '%observe%'"
ENTER = """
import sys
from policy.records.ledger import open_ledger
from tests.records.test_server_settings import describe, enter
with open_ledger(sys.argv[1], timeout=60) as ledger:
    for mode in ["", "observe"]:
        enter(ledger, mode)
"""


def describe(mode=""):
    return describe_settings(MlflowSettings((Binding(("support-*",), (), ("support-tone",), mode=mode),)))


def enter(ledger, mode="", server="tracking"):
    entry = record_settings(ledger, server, describe(mode), {"seen": "start", "actor": None})
    return entry.seq if entry is not None else None


def read(ledger, seq):
    (entry,) = ledger.read_entries(seq, seq + 1)
    return json.loads(ledger.get_payload(entry))


def verify(url):
    with open_snapshot(url) as snapshot:
        return [(finding.kind, finding.seq) for finding in verify_ledger(snapshot).findings]


def test_the_first_settings_are_entered_with_all_that_they_say(ledger, url):
    assert enter(ledger) == 1
    said = read(ledger, 1)
    assert (said["format"], said["server"], said["before"], said["returns_to"]) == (FORMAT, "tracking", None, None)
    assert json.loads(ledger.get_object(said["after"]["settings"])) == describe()
    assert ["support-*", "experiment"] in [[one["experiment"], one["key"]] for one in said["changes"]]
    assert said["seen"] == "start"
    assert verify(url) == []


def test_a_switch_to_observe_and_back(ledger, url):
    assert [enter(ledger, mode) for mode in ("", "observe", "observe", "")] == [1, 2, None, 3]
    there, back = read(ledger, 2), read(ledger, 3)
    assert there["changes"] == [{"experiment": "support-*", "key": "mode", "old": None, "new": "observe"}]
    assert there["before"] == {"settings": read(ledger, 1)["after"]["settings"], "entry": 1}
    assert back["changes"] == [{"experiment": "support-*", "key": "mode", "old": "observe", "new": None}]
    assert back["returns_to"] == 1
    assert verify(url) == []


def test_another_server_has_settings_of_its_own_and_so_have_policy_sets(ledger, url):
    ledger.append([draft_under("1", "a")])
    assert [enter(ledger), enter(ledger, "observe", "other")] == [2, 3]
    ledger.append([draft_under("2", "b")])
    assert [enter(ledger), enter(ledger, "observe", "other")] == [None, None]
    assert [entry.type for entry in ledger.read_entries()] == ["decision", CHANGE, CHANGE, CHANGE, "decision"]
    assert verify(url) == []


def test_threads_enter_it_once(ledger):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: enter(ledger), range(8)))
    assert [seq for seq in made if seq is not None] == [1]


def test_processes_that_start_together_enter_it_once(ledger, url):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
    # Each goes from one to the other: what is in force is never entered again.
    workers = [subprocess.Popen([sys.executable, "-c", ENTER, url], env=environment) for _ in range(3)]
    assert {worker.wait() for worker in workers} == {0}
    said = [read(ledger, entry.seq) for entry in ledger.read_entries()]
    digests = [one["after"]["settings"] for one in said]
    assert all(first != second for first, second in pairwise(digests))
    assert [one["before"] and one["before"]["settings"] for one in said] == [None, *digests[:-1]]
    assert verify(url) == []


@pytest.fixture
def file(tmp_path):
    """A ledger with settings at entries 1 and 3."""
    path = tmp_path / "ledger.db"
    with create_ledger(f"sqlite:///{path}") as ledger:
        enter(ledger)
        ledger.append([draft_under("1", "a")])
        enter(ledger, "observe")
    return path


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM policy_sets WHERE seq = 1", [("index", 1)]),
        ("DELETE FROM policy_sets WHERE seq = 3", [("index", 3)]),
        ("UPDATE policy_sets SET policy_set = 'sha256:0' WHERE seq = 3", [("index", 3)]),
        ("UPDATE policy_sets SET name = 'other' WHERE seq = 3", [("index", 3)]),
        ("UPDATE policy_sets SET sources = 'x' WHERE seq = 1", [("index", 1)]),
        (f"DELETE FROM objects WHERE kind = '{KIND}' AND {OBSERVES}", [("input", 3)]),
        (f"UPDATE objects SET body = x'7b7d' WHERE kind = '{KIND}' AND {OBSERVES}", [("input", 3)]),
    ],
)
def test_what_somebody_changes_is_found(file, statement, found):
    with tampering(file) as driver:
        assert driver.execute(statement).rowcount == 1
    assert set(found) <= set(verify(f"sqlite:///{file}"))


def test_an_erased_entry_and_erased_settings_are_believed(file):
    url = f"sqlite:///{file}"
    with create_ledger(url) as ledger:
        by = identify_person(ledger, "ada")
        (row,) = ledger.read("SELECT payload FROM entries WHERE seq = 3")
        erase(ledger, row[0], by=by, reason="it named somebody")
        erase(ledger, store_json(KIND, describe("observe")).digest, by=by, reason="it named somebody")
        assert enter(ledger, "flag") == 6
        assert verify(url) == []
        # What was in force before is gone: all of it counts as new, which is said of nothing that is not there.
        assert read(ledger, 6)["before"]["entry"] == 3


def check(*payloads, bodies=()):
    """The findings in entries of these payloads, without an index, among objects of these."""
    findings, known = Findings(), {one.digest: one.body for one in bodies}
    checker = UseCheck((), findings, known.get)
    for seq, payload in enumerate(payloads, 1):
        checker.check(seq, CHANGE, payload)
    return [(finding.kind, finding.seq) for finding in findings.kept if finding.kind != "index"]


def test_an_entry_that_hides_a_change_is_found(file):
    with create_ledger(f"sqlite:///{file}") as ledger:
        first, second = read(ledger, 1), read(ledger, 3)
    second["before"]["entry"] = 1
    bodies = [store_json(KIND, describe(mode)) for mode in ("", "observe")]
    assert check(first, second, bodies=bodies) == []
    assert check(first, {**second, "changes": []}, bodies=bodies) == [("policy-set", 2)]
    assert check(second, bodies=bodies) == [("policy-set", 1)]


def test_an_entry_that_somebody_appends_himself_is_found(file):
    with create_ledger(f"sqlite:///{file}") as ledger:
        ledger.append([Draft(CHANGE, read_golden())])
    assert {("index", 4), ("policy-set", 4)} <= set(verify(f"sqlite:///{file}"))


def read_golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "policy-mlflow-settings-change/2"},
        {"server": 1},
        {"server": None},
        {"before": []},
        {"before": {"settings": "x"}},
        {"before": {"settings": 1, "entry": 2}},
        {"after": None},
        {"after": {"settings": None}},
    ],
)
def test_an_entry_of_no_known_form_tells_nothing_and_is_found(change):
    payload = {**read_golden(), **change}
    assert read_change(payload, 7) is None
    assert check(payload) == [("form", 1)]


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"[" * 100_000, b"3", "no bytes", None])
def test_settings_that_cannot_be_read_fit_nothing_or_are_found_elsewhere(body):
    class Other:
        digest = read_golden()["after"]["settings"]

    Other.body = body  # type: ignore[attr-defined]
    found = check({**read_golden(), "before": None}, bodies=[Other])
    assert found == ([("policy-set", 1)] if isinstance(body, bytes) else [])


def test_changes_of_version_1_are_read_for_ever():
    change = read_change(read_golden(), 7)
    assert change is not None
    place = ("tracking", "", "server", "mlflow/tracking")
    assert change == (
        (place, "sha256:" + "a" * 64, "sha256:" + "a" * 64, "", 2),
        (place, "sha256:" + "b" * 64, "sha256:" + "b" * 64, "", 7),
    )
    assert read_change({**read_golden(), "before": None}, 7) == (None, change[1])
