"""A ledger with a key and a log of checkpoints, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.app.ledgers.key_changes import add_key
from policy.app.ledgers.locating import Place
from tests.records.keeping import fill_ledger


class Kept:
    """The ledger's place, the file of its key, and the log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "ledger.db"
        self.place = Place(fill_ledger(self.file, 5))
        self.key = str(folder / "ledger.key")
        self.log = str(folder / "checkpoints.txt")
        self.public = add_key(self.place, self.key).key

    @property
    def url(self) -> str:
        return self.place.url


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)
