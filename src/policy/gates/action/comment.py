"""The Action's step that shows the report as a comment on the pull request: one comment, which later runs update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.gates.action.event import read_event
from policy.gates.action.forge import Forge, ForgeError
from policy.gates.action.runner import annotate, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policy.gates.action.event import Event

# Whom the token of a workflow writes as; anybody may write a comment with our mark, and edit it later.
AUTHOR = "github-actions[bot]"
MARK = re.compile(r"<!-- tunegate(?:-run)?:[a-z0-9:-]+ -->")


def comment(environment: Mapping[str, str]) -> int:
    """Post the comment or replace the one of an earlier run; where that cannot be, say why: the verdict stands."""
    event = read_event(environment)
    if not event.number:
        say(f"comment: none, for the event `{event.name}` is about no pull request\n")
        return 0
    with open(environment["TUNEGATE_COMMENT"], encoding="utf-8") as stream:
        body = stream.read()
    forge = Forge(
        environment.get("GITHUB_API_URL", ""), environment.get("GITHUB_TOKEN", ""), environment["GITHUB_REPOSITORY"]
    )
    try:
        say(f"comment: {publish(forge, event.number, body)}\n")
    except ForgeError as error:
        annotate("notice" if event.from_fork else "warning", "no comment", *explain(error, event))
    return 0


def publish(forge: Forge, number: int, body: str) -> str:
    """Post, or replace, and say which. Raises ForgeError."""
    found = find_comment(forge.list_comments(number), body)
    if found is None:
        forge.post_comment(number, body)
        return "posted"
    if found["body"].replace("\r\n", "\n").strip() == body.strip():
        return "unchanged"
    forge.edit_comment(found["id"], body)
    return "updated"


def find_comment(comments: Sequence[Any], body: str) -> dict[str, Any] | None:
    """Our comment that bears the mark of the same report, or else of the same run."""
    ours: list[dict[str, Any]] = [found for found in comments if _is_ours(found)]
    for mark in list_marks(body):
        for found in ours:
            if mark in list_marks(found["body"]):
                return found
    return None


def list_marks(body: str) -> list[str]:
    """The marks that a comment bears: as its first line or as its last, for what is between comes from projects."""
    lines = body.strip().splitlines()
    return [line.strip() for line in dict.fromkeys((*lines[:1], *lines[-1:])) if MARK.fullmatch(line.strip())]


def _is_ours(found: Any) -> bool:
    """Whether it is a whole comment, and of nobody else."""
    if not isinstance(found, dict) or not isinstance(found.get("body"), str) or not isinstance(found.get("id"), int):
        return False
    author = found.get("user")
    return isinstance(author, dict) and author.get("login") == AUTHOR


def explain(error: ForgeError, event: Event) -> tuple[str, ...]:
    """What kept it from being posted, and what to do."""
    said = f"the report could not be posted: {error.reason}"
    if error.status not in (401, 403, 404):
        return (said,)
    if event.from_fork:
        return (said, "help: a pull request from a fork has no token that may write; the summary shows the report")
    return (said, "help: give the job the permission `pull-requests: write`")
