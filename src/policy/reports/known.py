"""What reports say of findings that a baseline knows, and of how a run compares with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.baseline import BASELINE_NAME, STATES
from policy.reports.layout import clean, count_noun, join_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.baseline import BaselineCounts, BaselineEntry, Comparison
    from policy.model.decision import Decision

# Of the entries that are fixed so many are named in a line; `policy check --output json` names them all.
NAMED: Final = 6


def say_comparison(found: Comparison | None) -> str:
    """Since when a finding is known, or how it differs from what is; empty for one of which nothing was known."""
    if found is None:
        return ""
    if found.is_covered:
        better = f", better now: {found.note}" if found.note else ""
        return f"known since {found.since}, by the baseline{better}"
    if found.state == "worsened":
        return f"worse than in the baseline: {found.note}"
    return f"new against the baseline: {found.note}" if found.note else ""


def name_state(found: Comparison | None) -> str:
    """The state in a word, with the day where it is known: `known since 2026-11-20`, `new`."""
    if found is None:
        return ""
    return f"{found.state} since {found.since}" if found.state == "known" else found.state


def say_beyond(decision: Decision) -> str:
    """The verdict of what the baseline does not cover; empty without a baseline."""
    return f"beyond the baseline: {decision.baseline.verdict}" if decision.baseline is not None else ""


def say_states(counts: BaselineCounts) -> str:
    """`3 known, 1 worsened, 2 fixed`: findings by state, and entries of which nothing is found any more."""
    said = [f"{counts.states[state]:,} {state}" for state in STATES if counts.states[state]]
    if counts.fixed:
        said.append(f"{len(counts.fixed):,} fixed")
    return ", ".join(said) or "no finding"


def say_fixed(counts: BaselineCounts) -> str:
    """Which entries are fixed, in one line; empty where none is."""
    if not counts.fixed:
        return ""
    names = join_names([name_entry(entry) for entry in counts.fixed], NAMED)
    return f"{count_noun(len(counts.fixed), 'finding')} of the baseline fixed: {names}"


def name_entry(entry: BaselineEntry) -> str:
    """An entry by its policy and where it was found."""
    return clean(f"{entry.policy} ({entry.project or entry.subject or 'without a manifest'})", 120)


def suggest_pruning(counts: BaselineCounts) -> str:
    """The command that takes fixed entries out of the file."""
    gate = next((entry.gate for entry in counts.fixed), "check")
    named = f" --file {counts.file}" if counts.file != BASELINE_NAME else ""
    return f"policy baseline --prune --gate {gate}{named}"


def list_fixed_lines(counts: BaselineCounts | None) -> Iterator[str]:
    """What is fixed and what to do about it; nothing where nothing is."""
    if counts is not None and counts.fixed:
        yield say_fixed(counts)
        yield f"take {'it' if len(counts.fixed) == 1 else 'them'} out: {clean(suggest_pruning(counts))}"
