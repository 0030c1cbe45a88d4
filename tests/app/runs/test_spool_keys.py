"""The key of a server: its own, known to the policy set, and never one that signs checkpoints."""

from __future__ import annotations

import os

import pytest

from policy.app.ledgers.key_files import create_key_file
from policy.app.runs.spool_keys import VARIABLE, create_spool_key, open_spool_key, read_pinned
from policy.errors import PolicyError
from policy.model.mlflow_settings import MlflowSettings
from policy.records.checkpoints import name_origin


@pytest.fixture
def key(tmp_path, monkeypatch):
    """The public part of a key whose file the environment names."""
    path = str(tmp_path / "spool.key")
    monkeypatch.setenv(VARIABLE, path)
    return create_spool_key(path, "tracking")


def test_a_key_that_the_policy_set_knows(key):
    opened = open_spool_key(MlflowSettings((), spool_keys=(key.text,)))
    assert opened is not None
    assert (opened.signing.verifier, opened.pinned) == (key, (key,))


def test_without_the_variable_there_is_none(key, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    assert open_spool_key(MlflowSettings((), spool_keys=(key.text,))) is None
    assert read_pinned(MlflowSettings((), spool_keys=(key.text,))) == (key,)


def test_a_key_that_it_does_not_know(key):
    with pytest.raises(PolicyError, match="does not know the key") as caught:
        open_spool_key(MlflowSettings(()))
    assert key.text in caught.value.problems[0].remedy


def test_a_key_that_others_can_read(key, tmp_path):
    os.chmod(tmp_path / "spool.key", 0o640)
    with pytest.raises(PolicyError, match="can be read by others"):
        open_spool_key(MlflowSettings((), spool_keys=(key.text,)))


def test_a_file_that_is_not_there(key, monkeypatch):
    monkeypatch.setenv(VARIABLE, "/nowhere/at/all")
    with pytest.raises(PolicyError, match="no key file"):
        open_spool_key(MlflowSettings((), spool_keys=(key.text,)))


def test_a_key_that_signs_checkpoints_is_none(tmp_path, monkeypatch):
    path = str(tmp_path / "ledger.key")
    text = create_key_file(path, name_origin("acme", "0" * 32)).verifier.text
    monkeypatch.setenv(VARIABLE, path)
    with pytest.raises(PolicyError, match="not one that signs a spool"):
        open_spool_key(MlflowSettings((), spool_keys=(text,)))
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(PolicyError, match="not one that signs a spool"):
        read_pinned(MlflowSettings((), spool_keys=(text,)))


def test_a_public_key_that_was_cut_is_said(key):
    text = key.text[:-2] + ("AA" if not key.text.endswith("AA") else "BB")
    with pytest.raises(PolicyError, match="was cut or changed"):
        read_pinned(MlflowSettings((), spool_keys=(key.text, text)))


@pytest.mark.usefixtures("key")
def test_no_key_is_written_over(tmp_path):
    with pytest.raises(PolicyError, match="there is a file"):
        create_spool_key(str(tmp_path / "spool.key"), "tracking")
    with pytest.raises(PolicyError, match="no key can be called"):
        create_spool_key(str(tmp_path / "other.key"), "a b")
