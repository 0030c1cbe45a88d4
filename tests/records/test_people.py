"""People: one id however the name is spelled, and an id that tells nothing."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model import approval
from policy.records.erasure import PERSON
from policy.records.faults import LedgerError
from policy.records.people import find_name, find_person, fold_name, identify_person


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


# As version 1 of the ledger has them: who is kept so is found by it, or by nothing.
STORED = {
    "Ada  Love\u00adlace": "ada lovelace",
    "\u200bada\u2060": "ada",
    "\u01f0an": "\u01f0an",
    "\u0390": "\u0390",
    "\u1e96ugo": "\u1e96ugo",
    "\ufb01nn": "finn",
    "Stra\u00dfe": "strasse",
    "\u0130da": "i\u0307da",
    "\uff21\uff44\uff41\u3000L": "ada l",
    "\u03a3\u03b1\u03c2": "\u03c3\u03b1\u03c3",
    "O\u0301scar": "\u00f3scar",
}


@pytest.mark.parametrize(("name", "folded"), STORED.items())
def test_names_are_folded_as_ledgers_keep_them_and_nowhere_otherwise(name, folded):
    assert fold_name(name) == folded
    assert approval.fold_name(name) == folded


def test_who_is_kept_is_found(ledger):
    people = {identify_person(ledger, name): name for name in STORED if name.isprintable()}
    kept = dict(ledger.read("SELECT id, folded FROM people"))
    assert kept == {person: STORED[name] for person, name in people.items()}
    assert {find_person(ledger, name) for name in people.values()} == people.keys()
    assert find_person(ledger, "\u200bstrasse") == find_person(ledger, "Stra\u00dfe")


def is_folded_otherwise(letter):
    name = f"a{letter}b"
    seen = "".join(one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")
    return fold_name(name) != " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


def test_of_no_letter_it_is_said_otherwise_than_it_was_kept():
    letters = map(chr, (*range(0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200)))
    assert list(filter(is_folded_otherwise, letters)) == []


@given(st.text())
def test_folding_twice_is_folding_once(name):
    assert fold_name(fold_name(name)) == fold_name(name)


@given(st.text())
def test_folding_knows_no_case(name):
    assert fold_name(name.upper().lower()) == fold_name(name.upper())
