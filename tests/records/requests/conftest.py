"""New ledgers, copied from one that was made once: making tables takes longer than most tests of requests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from policy.records.ledger import Ledger, create_ledger, open_ledger


@pytest.fixture(scope="session")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger in a file."""
    file = tmp_path_factory.mktemp("made") / "ledger.db"
    create_ledger(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def made_database(request: pytest.FixtureRequest) -> str:
    """An empty ledger in PostgreSQL."""
    address = str(request.getfixturevalue("server").make_database())
    create_ledger(address).close()
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger is, in one database and in the other."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_file"), tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path}/ledger.db"
    server, made = request.getfixturevalue("server"), request.getfixturevalue("made_database")
    name = f"copy_{uuid4().hex[:12]}"
    server.run_sql(f"CREATE DATABASE {name} TEMPLATE {urlsplit(made).path.strip('/')}")
    return str(server.address(name))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(url, create=False) as made:
        yield made
