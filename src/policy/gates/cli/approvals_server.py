"""`policy approvals … --server URL`: the requests of an MLflow server, as the user that MLflow's client is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.approvals_desk import read_length, say_document, warn_of
from policy.gates.cli.streams import say
from policy.reports.layout import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policy.app.approvals.remote import Remote
    from policy.app.approvals.viewing import RequestView, Step


MINUTE = 60_000


def server_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--server`."""
    return click.option(
        "--server",
        metavar="URL",
        help="The MLflow server that holds the requests, instead of the ledger here: you are its user then, by "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ~/.mlflow/credentials.",
    )(command)


def open_server(server: str, config: str | None) -> Remote:
    """The server that is named. Raises PolicyError."""
    from policy.app.approvals.remote import open_remote

    if config is not None:
        message = "`--server` and `--config` exclude each other: the server judges by its own policy set"
        raise PolicyError(Problem(message, "leave `--config` out"))
    return open_remote(server, os.environ)


def list_there(server: str, config: str | None, filters: Mapping[str, str], form: str) -> int:
    """List the requests of a server."""
    from policy.gates.cli.approvals_text import summarise, write_list

    remote = open_server(server, config)
    found = remote.list_requests(filters)
    if form == "json":
        say_document(found.document)
    else:
        _say_lines(remote, write_list(found.views, found.delegations))
        say(summarise(found.views))
    return warn_of([doubt for view in found.views for doubt in view.doubts])


def show_there(server: str, config: str | None, request: str, form: str) -> int:
    """Show a request of a server."""
    from policy.gates.cli.approvals_text import write_request

    remote = open_server(server, config)
    found = remote.show(request)
    if form == "json":
        say_document(found.document)
    else:
        for view in found.views:
            _say_lines(remote, write_request(view, f" --server {remote.service.address}"))
    return warn_of([doubt for view in found.views for doubt in view.doubts])


def vote_there(server: str, config: str | None, request: str, answer: str, reason: str) -> int:
    """Say yes or no to a request of a server."""
    from policy.gates.cli.approvals_text import write_vote

    remote = open_server(server, config)
    view = _act(remote, request, answer, {"reason": reason})
    step = _find_step(view, answer)
    _say_lines(remote, write_vote(view, answer, step.by, step.behalf or ""))
    return 0


def break_glass_there(server: str, config: str | None, request: str, reason: str, length: str | None) -> int:
    """Let a request of a server pass alone."""
    remote = open_server(server, config)
    view = _act(remote, request, "break-glass", {"reason": reason, **({"for": length} if length is not None else {})})
    _say_lines(remote, _write_glass(view, read_length(length)))
    return 0


def _write_glass(view: RequestView, lasts: int | None) -> Iterator[str]:
    from policy.gates.cli.approvals_text import write_override
    from policy.records.requests.clock import add_length

    step = _find_step(view, "override")
    # The entry is a moment later than what it says.
    wanted = add_length(step.time, lasts - MINUTE) if lasts and step.time else ""
    yield from write_override(view.row.id, step.by, view.row.ends, wanted=wanted)


def review_there(server: str, config: str | None, request: str, finding: str) -> int:
    """Review broken glass of a server."""
    view = _act(open_server(server, config), request, "review", {"finding": finding})
    say(clean(f"reviewed {request} as {_find_step(view, 'review').by}"))
    return 0


def withdraw_there(server: str, config: str | None, request: str, reason: str) -> int:
    """Take back what one asked of a server."""
    view = _act(open_server(server, config), request, "withdraw", {"reason": reason})
    say(clean(f"withdrawn {request}" + (f"; {' and '.join(view.asking)} still ask" if view.asking else "")))
    return 0


def comment_there(server: str, config: str | None, request: str, text: str) -> int:
    """Comment on a request of a server."""
    _act(open_server(server, config), request, "comment", {"comment": text})
    say(clean(f"commented on {request}"))
    return 0


def _find_step(view: RequestView, event: str) -> Step:
    """What was just done, as the server recorded it."""
    from policy.app.approvals.viewing import Step

    unknown = Step("", event, "somebody", None, "")
    return next((step for step in reversed(view.steps) if step.event == event), unknown)


def _act(remote: Remote, request: str, act: str, said: dict[str, str]) -> RequestView:
    views = remote.act(request, act, said).views
    if len(views) != 1 or views[0].row.id != request:
        remote.service.refuse("it tells of another request")
    return views[0]


def _say_lines(remote: Remote, lines: Iterator[str]) -> None:
    """Say what a server told. Raises PolicyError where a part that the contract leaves open is not as it should be."""
    try:
        found = list(lines)
    except (LookupError, TypeError, AttributeError, ValueError):
        remote.service.refuse("what it tells of a request is in no known form")
    for line in found:
        say(line)
