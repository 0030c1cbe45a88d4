"""Archives, hostile ones too, and a store of the test's own."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

FILES = {
    "policy.yaml": b"policy_set: 1\nname: organisation\npolicies: [policies]\nfinal: [rows]\n",
    "policies/one/rows.yaml": (
        b"policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: flag\n"
    ),
}


@pytest.fixture(autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's caches."""
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o700)
    monkeypatch.setenv("POLICY_CACHE_DIR", str(folder))
    return folder


def member(
    name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", **others: object
) -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tar file, be it one that no honest archive has."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in others.items():
        setattr(info, key, value)
    return info, data


def pack(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A .tar.gz file with these members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)


def pack_files(files: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A .tar.gz file with these files."""
    return pack(*(member(name, data=data) for name, data in files.items()), form=form)
