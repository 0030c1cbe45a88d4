"""What started the workflow: of a pull request or merge queue, what it is based on."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class Event(NamedTuple):
    """A pull request's number, 0 where there is none, and the commit that it, or a merge queue, is based on.

    A `proposal` is an event that has such a commit; without a `base` it could not be told.
    """

    name: str = ""
    proposal: bool = False
    base: str = ""
    number: int = 0
    from_fork: bool = False


def read_event(environment: Mapping[str, str]) -> Event:
    """The event that the runner describes in a file."""
    name = environment.get("GITHUB_EVENT_NAME", "")
    document = _load(environment.get("GITHUB_EVENT_PATH", ""))
    request, group = _find(document, "pull_request"), _find(document, "merge_group")
    base = _find(request, "base").get("sha") if request else group.get("base_sha")
    number = request.get("number")
    return Event(
        name=name,
        proposal=bool(request or group) or _is_proposal(name) or _follows_proposal(document),
        base=base if isinstance(base, str) and COMMIT.fullmatch(base) else "",
        number=number if isinstance(number, int) and number > 0 else 0,
        from_fork=bool(request) and _name_repository(request, "head") != _name_repository(request, "base"),
    )


def _is_proposal(name: Any) -> bool:
    return isinstance(name, str) and (name.startswith("pull_request") or name == "merge_group")


def _follows_proposal(document: Any) -> bool:
    """Whether it is what comes after one, a comment on it or a workflow that ran for it; neither says its base."""
    run, issue = _find(document, "workflow_run"), _find(document, "issue")
    return _is_proposal(run.get("event")) or bool(issue.get("pull_request"))


def _load(path: str) -> Any:
    """What the file says; nothing where there is none, for then no event is what started this."""
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as stream:
        try:
            return json.load(stream)
        except (ValueError, RecursionError):
            return {}


def _find(document: Any, key: str) -> dict[str, Any]:
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _name_repository(request: Any, side: str) -> Any:
    return _find(_find(request, side), "repo").get("full_name")
