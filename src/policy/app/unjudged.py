"""What reports are made of where nothing was judged, because the input is wrong: no policies, and no decisions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.app.workspace import BUILTINS
from policy.errors import PolicyError
from policy.loading.discovery import discover
from policy.loading.policy_sets.files import PROJECT_NAME, SET_NAME
from policy.model.policy import PolicySet
from policy.model.proposal import PoliciesFrom
from policy.plugins.registry import Registry
from policy.reports.reporter import ReportContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.app.checking import CheckRequest
    from policy.reports.reporter import Reporter

# Of what a policy set that cannot be read consists nobody knows: such a file may be a part of it.
ENDINGS = (".yaml", ".yml", ".toml")


def make_builtin_reporter(name: str) -> Reporter | None:
    """The reporter of a format of ours; None for another one, for the plugin that has it may not have been found."""
    maker = Registry(BUILTINS).reporters().get(name)
    return maker() if maker is not None else None


def make_empty_context(request: CheckRequest, root: str, exit_code: int, *, colour: bool) -> ReportContext:
    """What reports may look at where nothing was judged."""
    config = _name_config(request, root)
    base, source = request.base, None
    if base is not None:
        source = PoliciesFrom(base.revision, base.commit, base.config or (f"{base.name}/{config}" if config else None))
    return ReportContext(
        PolicySet((), "none could be read"),
        {},
        request.gate,
        request.fail_on,
        lambda file: os.path.relpath(os.path.join(root, file)).replace(os.sep, "/"),
        lambda _: None,
        colour,
        config,
        request.paths,
        source,
        exit_code=exit_code,
    )


def _name_config(request: CheckRequest, root: str) -> str | None:
    """The policy set's file from the root, as a run that reads it names it: a comment is found again by that."""
    here = os.path.realpath(".")
    places = [os.path.realpath(request.config)] if request.config is not None else []
    while not places and f"{here}{os.sep}".startswith(root.rstrip(os.sep) + os.sep):
        named = (os.path.join(here, name) for name in (SET_NAME, PROJECT_NAME))
        places = [place for place in named if os.path.lexists(place) and _may_hold_set(place)]
        if here == root:
            break
        here = os.path.dirname(here)
    return os.path.relpath(places[0], root).replace(os.sep, "/") if places else None


def _may_hold_set(place: str) -> bool:
    if not place.endswith(PROJECT_NAME):
        return True
    try:
        with open(place, "rb") as stream:
            return b"tool.policy" in stream.read(1 << 20)
    except OSError:
        return False


def list_known_inputs(request: CheckRequest, root: str, error: PolicyError) -> Iterator[str]:
    """The files that are known to be read, as far as anything is known."""
    yield from request.paths
    if request.config is not None:
        yield request.config
    if request.baseline is not None:
        yield os.path.join(root, request.baseline.file)
    for problem in error.problems:
        for place in (problem.location, *(other for _, other in problem.related)):
            if place is not None:
                yield os.path.join(root, place.file)
    try:
        found = discover(request.paths)
    except PolicyError:
        return
    for part in found:
        for item in part.items:
            yield from (os.path.join(part.root, file) for file in item.inputs)


def may_be_input(path: str) -> bool:
    """Whether a file that is there may be a part of the policy set."""
    return path.lower().endswith(ENDINGS) and os.path.lexists(path)
