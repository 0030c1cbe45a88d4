"""Who is the same person: generously to bar somebody, strictly to let somebody in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.model.person import is_any, is_member, is_same, name_user

SAME = [
    ("alice", "Alice"),
    ("alice", "os:alice@build1"),
    ("os:alice@laptop", "os:alice@build1"),
    ("alice", "alice@example.com"),
    ("alice@example.com", "alice+work@other.example"),
    ("alice", "1234567+alice@users.noreply.github.com"),
    ("Alice Smith", "Smith, Alice"),
    ("Alice Smith", "alice.smith@example.com"),
    ("Alice Smith", "alice_smith"),
    ("Alice Smith", "os:alicesmith@laptop"),
    ("Alice Smith <asmith@example.com>", "os:asmith@laptop"),
    ("Alice Smith <asmith@example.com>", "alice  smith"),
    ("Jos\u00e9", "jose"),
    ("Jose\u0301", "Jos\u00e9"),
    ("\uff41\uff4c\uff49\uff43\uff45", "alice"),
    ("al\u200bice", "alice"),
    ("\u0430lice", "alice"),
    ("\u0391lice", "alice"),
    ("STRASSE", "stra\u00dfe"),
    ("@alice", "alice"),
    ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e"),
]
OTHERS = [
    ("alice", "alicia"),
    ("alice", "malice"),
    ("Alice Smith", "Alice Jones"),
    ("alice@example.com", "bob@example.com"),
    ("os:alice@laptop", "os:bob@laptop"),
    ("bob", "laptop"),
    ("alice", ""),
    ("", ""),
    ("\u738b", "\u674e"),
    # What nobody can tell from the names; a policy set says it.
    ("asmith", "Alice Smith"),
    ("Bob", "Robert"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_person(one, other):
    assert is_same(one, other)
    assert is_same(other, one)
    assert is_any(one, ["somebody", other])


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_people(one, other):
    assert not is_same(one, other)
    assert not is_same(other, one)


def test_a_policy_set_says_who_is_who():
    people = {"Alice Smith": ("asmith", "a.s@example.com")}
    assert is_same("os:asmith@laptop", "alice smith", people)
    assert is_same("a.s@elsewhere.example", "asmith", people)
    assert not is_same("os:bsmith@laptop", "alice smith", people)


@pytest.mark.parametrize(
    ("name", "member", "expected"),
    [
        ("alice", "alice", True),
        ("ALICE ", "alice", True),
        ("os:alice@laptop", "alice", True),
        ("os:alice@laptop", "os:alice", True),
        ("os:alice@laptop", "os:alice@laptop", True),
        ("@alice", "alice", True),
        ("alice@example.com", "Alice@Example.com", True),
        ("os:alice@laptop", "os:alice@build1", False),
        ("alice", "os:alice@laptop", False),
        ("alice@evil.example", "alice", False),
        ("os:alice@laptop", "alice@example.com", False),
        ("\u0430lice", "alice", False),
        ("al\u200bice", "alice", False),
        ("Jos\u00e9", "Jose", False),
        ("alice.smith", "Alice Smith", False),
        ("os:mallory@alice", "alice", False),
        ("os:alice@evil@laptop", "alice", False),
        ("", "", True),
    ],
)
def test_a_role_is_given_to_exactly_who_is_named(name, member, expected):
    assert is_member(name, [member]) == expected
    assert not is_member(name, [])


def test_another_name_entitles_where_the_policy_set_says_so_exactly():
    people = {"alice@example.com": ("os:asmith", "Alice Smith")}
    assert is_member("os:asmith@laptop", ["alice@example.com"], people)
    assert is_member("alice smith", ["alice@example.com"], people)
    assert not is_member("asmith@evil.example", ["alice@example.com"], people)
    assert not is_member("Smith, Alice", ["alice@example.com"], people)


@given(st.text(max_size=30), st.text(max_size=30))
def test_who_is_let_in_under_a_name_would_be_barred_under_it(name, member):
    assert is_same(name, member) == is_same(member, name)
    if member.strip() and is_member(name, [member]) and is_same(member, member):
        assert is_same(name, member)


def test_the_operating_systems_word_is_marked():
    assert name_user("alice", "build1") == "os:alice@build1"
