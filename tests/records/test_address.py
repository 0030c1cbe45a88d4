"""Where a ledger is: what is accepted, and what is refused with what to write instead."""

from __future__ import annotations

import pytest

from policy.records.address import Address, read_address
from policy.records.faults import LedgerError


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///ledger.db", "/set/ledger.db"),
        ("sqlite:///records/ledger.db", "/set/records/ledger.db"),
        ("sqlite:///../ledger.db", "/ledger.db"),
        ("sqlite:////var/ledger.db", "/var/ledger.db"),
        ("sqlite:///a ü.db", "/set/a ü.db"),
    ],
)
def test_a_file_is_one_of_the_folder_of_the_policy_set(url, place):
    assert read_address(url, "/set") == Address("sqlite", place, url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@host/db",
        "postgresql://me@host:5432/db?sslmode=verify-full",
        "postgresql://host:5432/db",
        "postgresql:///db?host=/run/pg",
        "postgresql:///?service=ledger",
    ],
)
def test_a_database_is_what_libpq_connects_to(url):
    assert read_address(url) == Address("postgresql", url, url)


def test_a_short_form_is_written_out():
    assert read_address("postgres://me@host/db").place == "postgresql://me@host/db"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "begins with neither"),
        ("ledger.db", "begins with neither"),
        ("mysql://host/db", "begins with neither"),
        ("sqlite://ledger.db", "names a host"),
        ("sqlite:///", "names no file"),
        ("sqlite:///folder/", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///ledger.db?mode=ro", "names no file"),
        ("sqlite:///ledger\0.db", "cannot be printed"),
        ("sqlite:///led\nger.db", "cannot be printed"),
        ("postgresql://", "names no database"),
        ("postgresql:///", "names no database"),
    ],
)
def test_what_is_no_address_is_refused(url, said):
    with pytest.raises(LedgerError, match=said) as caught:
        read_address(url)
    assert caught.value.kind == "address"
    assert caught.value.problems[0].remedy


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hunter2@host/db", "postgresql://me:hunter2@/db", "postgresql://host/db?user=me&password=hunter2"],
)
def test_a_password_is_refused_and_not_repeated(url):
    with pytest.raises(LedgerError, match="holds a password") as caught:
        read_address(url)
    assert "hunter2" not in str(caught.value)
    assert "PGPASSWORD" in str(caught.value)
