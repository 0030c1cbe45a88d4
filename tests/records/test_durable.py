"""A folder is written to the disk, and one that is not there is an error."""

from __future__ import annotations

import os

import pytest

from policy.records.durable import sync_folder


def test_it_is_the_folder_that_reaches_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("policy.records.durable.os.fsync", lambda file: synced.append(os.fstat(file)))
    sync_folder(str(tmp_path))
    assert os.path.samestat(synced[0], os.stat(tmp_path))


def test_one_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        sync_folder(str(tmp_path / "missing"))
