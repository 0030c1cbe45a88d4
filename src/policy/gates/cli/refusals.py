"""Reports about a run that ended before anything was judged: that there is none must not be taken for a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.unjudged import list_known_inputs, make_builtin_reporter, make_empty_context, may_be_input
from policy.errors import PolicyError, Problem
from policy.gates.cli.outputs import Output
from policy.gates.cli.problems import hide_passwords
from policy.gates.cli.targets import refuse_inputs, refuse_links
from policy.model.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.app.checking import CheckRequest
    from policy.gates.cli.targets import Target

# On standard output these are for people, who read standard error beside it.
SPOKEN = ("text", "short")


def report_refusal(error: PolicyError, request: CheckRequest, targets: Iterable[Target], root: str) -> PolicyError:
    """Write every report that can be written about what was wrong, and give the error with what kept others from it."""
    faults: list[Problem] = []
    for target, (_, colour) in zip(targets, request.formats, strict=True):
        if target.path is None and target.format in SPOKEN:
            continue
        try:
            _write(error, request, target, root, colour=colour)
        except PolicyError as other:
            faults += other.problems
    return PolicyError(*error.problems, *faults) if faults else error


def _write(error: PolicyError, request: CheckRequest, target: Target, root: str, *, colour: bool) -> None:
    reporter = make_builtin_reporter(target.format)
    if reporter is None or (target.path is not None and may_be_input(target.path)):
        return
    refuse_links([target], root)
    if target.path is not None:
        refuse_inputs([target], list_known_inputs(request, root, error))
    context = make_empty_context(request, root, error.exit_code, colour=colour)
    out = Output(target, reporter)
    try:
        out.start(reporter.start(context))
        out.finish(reporter.finish(Summary(), hide_passwords(error.problems), context))
    finally:
        out.discard()
