"""What a report format is: three functions from data to text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.policy import Policy, PolicySet
    from policy.model.proposal import PoliciesFrom
    from policy.model.selection import Selection
    from policy.model.summary import Summary
    from policy.model.waiver_entry import WaiverEntry


class ReportContext(NamedTuple):
    """What a report may look at beside the decisions.

    `show_path` turns a path relative to the root into one that can be clicked from the working folder;
    `read_source` gives a file's text (manifest, training config or policy), or None; `config` is the policy
    set's file, None where the catalogue alone is in force; `paths` are those that were asked for.
    `policies_from` is the revision that the policy set is of, where one was named; `selection` says what was judged
    where it was not everything. `exit_code` is what the run ends with, known when a report is finished. `granted` are
    the waivers that the ledger adds to those of the policy set.
    """

    policy_set: PolicySet
    policies: dict[str, Policy]
    gate: str
    fail_on: str
    show_path: Callable[[str], str]
    read_source: Callable[[str], str | None]
    colour: bool = False
    config: str | None = None
    paths: tuple[str, ...] = ()
    policies_from: PoliciesFrom | None = None
    selection: Selection | None = None
    exit_code: int | None = None
    granted: tuple[WaiverEntry, ...] = ()


class Reporter(Protocol):
    """A report format. What `report_decision` returns is joined by `separator`, worst verdict first where asked."""

    name: str
    separator: str
    worst_first: bool

    def start(self, context: ReportContext) -> str:
        """The text before the first decision."""

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """The text of one decision; a pure function of it, so that it can be made in another process."""

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """The text after the last decision: problems with the input, and the counts."""


class Composer(Reporter, Protocol):
    """A report format that sees its parts together, for where it goes there is room for so much only."""

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        """The whole report, from the texts of all decisions, those of the worst verdict first."""
