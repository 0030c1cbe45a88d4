"""Ledgers to test with: in files, and in a PostgreSQL server that is started once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy.records.ledger import Ledger, create_ledger, open_ledger
from tests.records.server import Server, find_programs, running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real server, which spares the disk: hundreds of databases are made in it."""
    with running_server(require_programs(), durable=False) as started:
        yield started


@pytest.fixture
def durable_server() -> Iterator[Server]:
    """A real server as one runs it, for whoever ends it in the middle of its work."""
    with running_server(require_programs()) as started:
        yield started


def require_programs() -> str:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    return programs


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new ledger is to be, in one database and in the other."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
        return
    server = request.getfixturevalue("server")
    address = server.make_database()
    yield address
    server.give_back(address)


@pytest.fixture
def open_again(url: str) -> Iterator[Callable[..., Ledger]]:
    """Opens the ledger, as often as asked."""
    opened: list[Ledger] = []

    def open_one(**options: object) -> Ledger:
        opened.append(open_ledger(url, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A new ledger."""
    with create_ledger(url) as made:
        yield made
