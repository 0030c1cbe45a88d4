"""People: one id however the name is spelled, and an id that tells nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.records.erasure import PERSON
from policy.records.faults import LedgerError
from policy.records.people import find_name, fold_name, identify_person


@pytest.mark.parametrize(
    "spelling",
    [
        "ada lovelace",
        "  Ada   LOVELACE ",
        "Ada\u00a0Lovelace",
        "\uff21\uff44\uff41 Lovelace",
        "Ada Love\u00adlace",
        "Ada\u3000Lovelace",
    ],
)
def test_a_person_is_the_same_under_another_spelling(ledger, spelling):
    person = identify_person(ledger, "Ada Lovelace")
    assert PERSON.fullmatch(person)
    if spelling.isprintable():
        assert identify_person(ledger, spelling) == person
    assert fold_name(spelling) == fold_name("Ada Lovelace")
    assert find_name(ledger, person) == "Ada Lovelace"


def test_others_are_others(ledger):
    names = ["ada@example.com", "ada@example.org", "Ada", "Straße", "Грейс", "'; DROP TABLE people; --", "<b>x</b>"]
    people = {identify_person(ledger, name) for name in names}
    assert len(people) == len(names)
    assert {find_name(ledger, person) for person in people} == set(names)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "a\nb", "a\x1b[31m", "x" * 201, "x" * 10**6])
def test_what_is_no_name_is_refused(ledger, name):
    with pytest.raises(LedgerError, match="no name of a person") as caught:
        identify_person(ledger, name)
    assert len(str(caught.value)) < 1000
    assert ledger.read("SELECT count(*) FROM people") == [(0,)]


def test_an_unknown_person_has_no_name(ledger):
    assert find_name(ledger, "p-" + "a" * 26) is None


def test_several_at_once_make_one_person(ledger):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: identify_person(ledger, "Ada Lovelace"), range(24)))) == 1


@given(st.text())
def test_folding_twice_is_folding_once(name):
    assert fold_name(fold_name(name)) == fold_name(name)


@given(st.text())
def test_folding_knows_no_case(name):
    assert fold_name(name.upper().lower()) == fold_name(name.upper())
