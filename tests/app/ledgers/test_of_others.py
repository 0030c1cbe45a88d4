"""What `policy ledger list` tells of refusals, erasures and watched releases: whom and what."""

from __future__ import annotations

import pytest

from policy.app.ledgers.locating import Place
from policy.app.ledgers.viewing import list_entries
from policy.records.erasure import erase
from policy.records.ledger import open_ledger
from policy.records.objects import Draft
from policy.records.people import identify_person
from tests.records.keeping import draft_decision, tampering

REFUSED = {"format": "policy-run-refusal/1", "reason": "manifest", "experiment": "3", "experiment_name": "support"}
RELEASE = {"format": "policy-release-refusal/1", "model": "tone", "version": "4", "run": "9" * 32, "said": "no"}
WATCHED = {"format": "policy-observed-release/1", "model": "tone", "version": None, "run": "9" * 32, "said": "no"}


@pytest.fixture
def place(tmp_path):
    return Place(f"sqlite:///{tmp_path}/ledger.db", ".")


def tell(place):
    return [(line.type, line.about) for line in list_entries(place, 20)]


def test_whom_and_what_they_are_about(place):
    with open_ledger(place.url) as ledger:
        ada = identify_person(ledger, "Ada")
        ledger.append([Draft("refusal", {**REFUSED, "principal": ada})])
        ledger.append([Draft("refusal", {**REFUSED, "principal": ada, "project": "tone", "experiment_name": ""})])
        ledger.append([Draft("refusal", {**RELEASE, "principal": ada})])
        ledger.append([Draft("observed-release", {**WATCHED, "principal": ada})])
        ledger.append([draft_decision(0)])
    assert tell(place) == [
        ("refusal", "Ada  manifest  support"),
        ("refusal", "Ada  manifest  tone  3"),
        ("refusal", "Ada  release  tone  4"),
        ("observed-release", f"Ada  tone  {'9' * 32}"),
        ("decision", ""),
    ]


def test_an_erased_name_is_an_id_from_then_on_and_the_erasure_names_what_is_gone(place):
    with open_ledger(place.url) as ledger:
        ada, bob = identify_person(ledger, "Ada"), identify_person(ledger, "Bob")
        ledger.append([Draft("refusal", {**RELEASE, "principal": ada})])
        ledger.append([draft_decision(0)])
        erase(ledger, ada, by=bob, reason="left")
        erase(ledger, draft_decision(0).objects[0].digest, by=bob, reason="asked to")
    digest = draft_decision(0).objects[0].digest
    assert [about for _, about in tell(place)] == [f"{ada}  release  tone  4", "", ada, digest]


@pytest.mark.parametrize("payload", [b"[]", b"{", b'{"principal": 5, "model": ["a"]}', b"\xff", b""])
def test_what_somebody_changed_is_no_reason_to_stop(place, tmp_path, payload):
    with open_ledger(place.url) as ledger:
        ledger.append([Draft("refusal", {**RELEASE, "principal": identify_person(ledger, "Ada")})])
    with tampering(tmp_path / "ledger.db") as driver:
        driver.execute("UPDATE payloads SET body = ?", (payload,))
    assert tell(place) == [("refusal", "")]


def test_odd_values_of_a_whole_entry_are_left_out(place):
    with open_ledger(place.url) as ledger:
        ledger.append([Draft("refusal", {"principal": 5, "model": ["a"], "version": "2"})])
        ledger.append([Draft("erasure", {"target": 5})])
    assert [about for _, about in tell(place)] == ["release  2", ""]
