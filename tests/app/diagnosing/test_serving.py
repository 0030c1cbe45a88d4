"""What `policy doctor` finds of the key with which a server signs while the ledger is down."""

from __future__ import annotations

import os
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from policy.app.diagnosing.findings import ERROR, OK, WARNING
from policy.app.diagnosing.serving import find_spool_key
from policy.app.ledgers.key_files import create_key_file
from policy.app.runs.spool_keys import VARIABLE, create_spool_key
from policy.model.mlflow_settings import MlflowSettings
from policy.records.checkpoints import name_origin


def find(settings):
    workspace: Any = SimpleNamespace(policy_set=SimpleNamespace(mlflow=settings))
    return list(find_spool_key(workspace))


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Where the environment says that the key is."""
    path = str(tmp_path / "spool.key")
    monkeypatch.setenv(VARIABLE, path)
    return path


@pytest.fixture
def pinned(path):
    """Settings that name the key which is there."""
    return MlflowSettings((), spool_keys=(create_spool_key(path, "tracking").text,))


@pytest.mark.usefixtures("path")
def test_without_settings_of_a_server_there_is_nothing_to_find():
    assert find(None) == []


def test_a_server_that_signs_nothing_needs_no_key(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find(MlflowSettings(())) == []


def test_the_key_that_is_pinned(pinned):
    (found,) = find(pinned)
    assert (found.level, found.what) == (OK, "spool key")
    assert found.message.startswith("`spool/tracking+")
    assert pinned.spool_keys[0] not in found.message


def test_a_key_that_the_environment_does_not_name(pinned, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    (found,) = find(pinned)
    assert (found.level, found.message) == (
        WARNING,
        "`POLICY_SPOOL_KEY` is not set here: nobody can break the glass while the ledger is down",
    )
    assert "mlflow.spool_keys" in found.remedy


def put_a_folder(path):
    os.unlink(path)
    os.mkdir(path)


def put_another(path):
    os.unlink(path)
    create_spool_key(path, "tracking")


def put_one_for_checkpoints(path):
    os.unlink(path)
    create_key_file(path, name_origin("acme", "0" * 32))


def put_a_text(path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("no key\n\x00")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (os.unlink, "there is no key file"),
        (lambda path: os.chmod(path, 0o640), "can be read by others"),
        (lambda path: os.chmod(path, 0o602), "can be read by others"),
        (put_a_folder, "cannot be read: Is a directory"),
        (put_a_text, "is no key file"),
        (put_another, "does not know the key"),
        (put_one_for_checkpoints, "not one that signs a spool"),
    ],
)
def test_a_key_that_a_server_would_not_start_with(pinned, path, spoil, said):
    spoil(path)
    (found,) = find(pinned)
    assert (found.level, found.what) == (ERROR, "spool key")
    assert said in found.message
    assert found.remedy
    assert "policy ledger key new " not in found.remedy


@contextmanager
def without_rights(path):
    """A user who may not read the file."""
    if os.geteuid():
        os.chmod(path, 0)
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_key_that_this_user_may_not_read(pinned, path):
    with without_rights(path):
        (found,) = find(pinned)
    assert (found.level, "cannot be read" in found.message) == (ERROR, True)
    assert "as the user that the key belongs to" in found.remedy


def test_a_key_of_another_user(pinned, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    (found,) = find(pinned)
    assert (found.level, "belongs to another user" in found.message) == (ERROR, True)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("text", ["nonsense", "acme+00000000+AAAA"])
def test_a_pinned_key_that_is_none(text):
    (found,) = find(MlflowSettings((), spool_keys=(text,)))
    assert found.level == ERROR
