"""What every act on requests needs at the command line: the workspace, its ledger, and who sits here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from policy.errors import PolicyError, Problem
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say
from policy.gates.cli.workspace import open_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.workspace import Workspace
    from policy.records.ledger import Ledger


@contextmanager
def open_desk(config: str | None, *, create: bool = False) -> Iterator[tuple[Workspace, Ledger, str]]:
    """The workspace, its ledger, which is made where it may `create` one, and who sits here. Raises PolicyError."""
    from policy.app.approvals.desk import open_requests
    from policy.app.approvals.identity import identify_user

    workspace = open_here(config)
    with open_requests(workspace, create=create) as ledger:
        yield workspace, ledger, identify_user()


def say_document(document: dict[str, Any]) -> None:
    """Print JSON in which nothing acts where it is shown or logged."""
    import json

    from policy.reports.json_report import COMMAND, ESCAPED_COMMAND

    say(json.dumps(document, indent=2).replace("\x7f", "\\u007f").replace(COMMAND, ESCAPED_COMMAND))


def warn_of(doubts: list[Problem]) -> int:
    """Say what was changed past the entries; the exit code."""
    print_problems(doubts)
    return 1 if doubts else 0


def read_length(text: str | None) -> int | None:
    """How long broken glass is to last, in milliseconds. Raises PolicyError."""
    from policy.model.kinds import DURATION, KindError

    if text is None:
        return None
    try:
        length: int = DURATION.read(text, plain=True)
    except KindError as error:
        raise PolicyError(Problem(f"`--for`: {error.message}", error.remedy)) from None
    if not length:
        raise PolicyError(Problem("`--for` is nothing at all", "say how long: 2h"))
    return length
