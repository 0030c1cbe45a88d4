"""Licence terms and conflicts, by the table that ships."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.loading.tables.files import shipped_tables
from policy.model.derived.licenses import MILDEST_FIRST, Licenses, list_terms
from policy.model.fact import Members
from policy.model.facts import Facts
from policy.model.fields import TERMS
from policy.model.tables import Lookup
from tests.building import NOW, make_claims, make_facts

LOOKUP = Lookup(shipped_tables())
NAMES = st.sampled_from(
    ["mit", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-sa-4.0", "llama3", "acme", "gpl-3.0"]
)


def derive(declared: str, **others: str) -> dict[str, Any]:
    claims = [
        *make_claims(declared),
        *(fact for origin, text in others.items() for fact in make_claims(text, origin=origin)),
    ]
    return Facts(claims, tables=shipped_tables(), today=NOW.date()).values


def terms(license_: str) -> str:
    found = list_terms(LOOKUP, license_)
    assert found is not None
    assert found.complete
    return " ".join(found.items)


@pytest.mark.parametrize(
    ("license_", "expected"),
    [
        ("mit", ""),
        ("MIT", ""),
        ("apache-2.0", ""),
        ("cc0-1.0", ""),
        ("cc-by-4.0", ""),
        ("cc-by-sa-3.0", "share-alike"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("cc-by-nd-4.0", "no-derivatives"),
        ("cc-by-nc-nd-4.0", "no-derivatives non-commercial"),
        ("cc-by-nc-sa-4.0", "non-commercial share-alike"),
        ("llama2", "conditional"),
        ("llama3.1", "conditional"),
        ("gemma", "conditional"),
        ("openrail++", "conditional"),
        ("apple-amlr", "non-commercial research-only"),
        ("GPL-3.0-only", "share-alike"),
        ("GPL-2.0+", "share-alike"),
        ("AGPL-3.0-or-later", "share-alike"),
        ("other", "unlisted"),
        ("unknown", "unlisted"),
        ("none", "unlisted"),
        ("NOASSERTION", "unlisted"),
        ("LicenseRef-Acme", "unlisted"),
        ("mit: {terms", "unlisted"),
        ("mit\n", ""),
        ("rows", "unlisted"),
        ("", "unlisted"),
        ("mit OR cc-by-nc-4.0", ""),
        ("cc-by-nc-4.0 OR cc-by-sa-4.0", "share-alike"),
        ("cc-by-nd-4.0 OR cc-by-nc-4.0", "no-derivatives"),
        ("acme OR cc-by-nc-4.0", "unlisted"),
        ("acme OR llama3", "conditional"),
        ("mit AND cc-by-nc-4.0", "non-commercial"),
        ("(mit OR gpl-3.0) AND cc-by-nc-4.0", "non-commercial"),
        ("GPL-3.0-only WITH GCC-exception-3.1", "share-alike"),
        ("gpl-3.0 (or later)", "unlisted"),
    ],
)
def test_what_licences_restrict(license_, expected):
    assert terms(license_) == expected


def test_every_term_has_its_place_among_the_mildest():
    assert sorted(MILDEST_FIRST) == sorted(TERMS)


def test_without_a_table_nothing_is_said():
    assert list_terms(Lookup(), "mit") is None
    assert "model.license_terms" not in Facts(make_claims("model.license: mit")).values


@given(NAMES, NAMES)
def test_and_never_restricts_less_and_or_never_more(one, other):
    mine, both = set(terms(one).split()), set(terms(f"{one} AND {other}").split())
    assert mine <= both
    assert set(terms(f"{one} OR {other}").split()) in (mine, set(terms(other).split()))
    assert terms(f"{one} OR mit") == ""


# Sources

SOURCES = "data.sources: [{path: a, license: cc-by-nc-4.0}, {path: b, license: cc-by-sa-4.0}"


def test_the_terms_of_sources_are_those_of_each_and_of_all():
    values = derive(SOURCES + "]")
    assert [item["license_terms"].items for item in values["data.sources"].items] == [
        ("non-commercial",),
        ("share-alike",),
    ]
    assert values["data.license_terms"] == Members(("non-commercial", "share-alike"), complete=True)


def test_a_source_whose_licence_is_not_known_leaves_the_terms_open():
    values = derive(SOURCES + ", {path: c}]")
    assert values["data.license_terms"] == Members(("non-commercial", "share-alike"), complete=False)
    assert "license_terms" not in values["data.sources"].items[2]


@pytest.mark.parametrize("declared", ["data.sources: []", "data.sources: [{path: a}]", "stage: pilot"])
def test_where_no_licence_is_known_the_terms_are_unknown(declared):
    assert "data.license_terms" not in derive(declared)


def test_what_is_only_observed_is_open():
    values = derive("stage: pilot", observed="data.sources: [{path: a, license: mit}]")
    assert values["data.license_terms"] == Members((), complete=False)


def test_evidence_can_tell_the_terms_itself():
    values = derive(
        "data.sources: [{path: a, license: mit}]", observed="data.sources: [{path: a, license_terms: [conditional]}]"
    )
    assert values["data.license_terms"].items == ("conditional",)


# Conflicts

CONFLICTS = [
    # base, data, release, use, conflicts
    ("mit", "cc-by-4.0", "apache-2.0", "commercial", 0),
    ("cc-by-nc-4.0", "mit", "apache-2.0", "research", 1),
    ("cc-by-nc-4.0", "mit", "cc-by-nc-4.0", "research", 0),
    ("cc-by-nc-4.0", "mit", "cc-by-nc-4.0", "commercial", 1),
    ("cc-by-nc-4.0", "mit", "cc-by-nc-4.0", None, None),
    ("cc-by-nc-4.0", "mit", "mit", None, 1),
    ("apple-amlr", "mit", "cc-by-nc-4.0", "research", 1),
    ("apple-amlr", "mit", "apple-amlr", "research", 0),
    ("cc-by-nd-4.0", "mit", "cc-by-nd-4.0", "internal", 1),
    ("mit", "cc-by-sa-4.0", "mit", "commercial", 1),
    ("mit", "cc-by-sa-4.0", "cc-by-sa-4.0", "commercial", 0),
    ("mit", "CC-BY-SA-3.0", "cc-by-sa-4.0", "commercial", 0),
    ("mit", "cc-by-sa-4.0", "cc-by-sa-3.0", "commercial", 1),
    ("mit", "cc-by-sa-4.0", "GPL-3.0-only", "commercial", 0),
    ("mit", "gpl-2.0-or-later", "gpl-3.0-or-later", "commercial", 0),
    ("mit", "gpl-2.0-only", "gpl-3.0-only", "commercial", 1),
    ("mit", "gpl-2.0-only", "gpl-2.0", "commercial", 0),
    ("mit", "gpl-2.0-only", "gpl-2.0-or-later", "commercial", 1),
    ("mit", "cc-by-sa-4.0 OR mit", "apache-2.0", "commercial", 0),
    ("mit", "cc-by-sa-4.0 AND mit", "apache-2.0", "commercial", 1),
    ("mit", "cc-by-sa-4.0", "mit AND cc-by-sa-4.0", "commercial", 0),
    ("cc-by-nc-4.0", "cc-by-sa-4.0", "apache-2.0", "commercial", 2),
    # One licence is counted once, however it is written.
    ("cc-by-nc-4.0", "CC-BY-NC-4.0", "apache-2.0", "commercial", 1),
    ("llama3", "mit", "llama3", "commercial", 0),
    ("acme", "mit", "apache-2.0", "commercial", None),
    ("acme", "cc-by-nc-4.0", "apache-2.0", "commercial", None),
    ("mit", "mit", "acme", "commercial", 0),
    ("mit", "cc-by-nc-4.0", "acme", "research", None),
    ("mit", "cc-by-nc-4.0", "acme", "commercial", 1),
    ("mit", "cc-by-sa-4.0", "acme", "research", 1),
]


@pytest.mark.parametrize(("base", "data", "release", "use", "expected"), CONFLICTS)
def test_conflicts_with_the_release(base, data, release, use, expected):
    declared = f"model.license: {base}\ndata.sources: [{{path: a, license: {data}}}]\nrelease.license: {release}\n"
    values = derive(declared + (f"system.use: {use}" if use else ""))
    assert values.get("release.license_conflicts") == expected


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ("[]", 0),
        ("[{path: a}]", None),
        ("[{path: a, license: cc-by-nc-4.0}, {path: b}]", None),
        ("[{path: a, license: cc-by-nc-4.0, split: test}, {path: b, license: mit}]", 0),
        ("[{path: a, split: validation}, {path: b, license: mit, split: train}]", 0),
        ("[{path: a, license: cc-by-nc-4.0}, {path: b, license: cc-by-nc-4.0}]", 1),
    ],
)
def test_what_the_model_is_trained_on_counts(sources, expected):
    rest = "model.license: mit\nrelease.license: mit\nsystem.use: commercial"
    assert derive(f"data.sources: {sources}\n{rest}").get("release.license_conflicts") == expected


RELEASED = "model.license: mit\nrelease.license: mit\nsystem.use: commercial"


def test_data_that_was_looked_for_and_is_not_there_has_no_conflicts():
    facts = make_facts(RELEASED, absent=("data.sources",)).on(NOW.date(), shipped_tables())
    assert facts.values["release.license_conflicts"] == 0


def test_sources_that_nobody_has_seen_may_conflict():
    assert "release.license_conflicts" not in derive(RELEASED, observed="data.sources: [{path: a, license: mit}]")


@given(NAMES, NAMES, st.sampled_from(["commercial", "internal", "research"]))
def test_a_use_that_becomes_known_changes_no_answer(taken, given_, use):
    licenses = Licenses(LOOKUP)
    before, after = (licenses.conflict(frozenset({taken}), frozenset({given_}), known) for known in (None, use))
    assert before is None or before is after


@given(NAMES)
def test_a_licence_keeps_itself(name):
    assert Licenses(LOOKUP).keeps(name, frozenset({name}))
