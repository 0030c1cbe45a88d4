"""What differs between two policy sets as JSON, `policy-diff/1`: the contract that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.gates import VERDICTS
from policy.model.set_changes import ADDED, CHANGED, REMOVED
from policy.reports.json_report import location_document, problem_document, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.errors import Problem
    from policy.model.set_changes import (
        Change,
        PolicyChange,
        SetChanges,
        Unjudged,
        VerdictChange,
        VerdictCounts,
        WaiverChange,
    )
    from policy.reports.diff.view import DiffContext, SideView

FORMAT: Final = "policy-diff/1"


class JsonDiff:
    """The form for programs."""

    name = "json"
    separator = ",\n"
    worst_first = False

    def start(self, changes: SetChanges, context: DiffContext) -> str:
        """Both policy sets and what differs, up to the first subject."""
        parts = {
            "format": FORMAT,
            "old": side_document(context.old),
            "new": side_document(context.new),
            "gate": context.gate,
            "time": context.time,
            "changes_meaning": changes.has_meaning,
            "evidence_settings": "old" if context.evidence_differs else "both",
        }
        lists = {
            "policies": map(policy_document, changes.policies),
            "settings": map(change_document, changes.settings),
            "waivers": map(waiver_document, changes.waivers),
            "made_of": map(change_document, changes.makeup),
        }
        head = [f"{write_json(key)}: {write_json(value)}" for key, value in parts.items()]
        head += [f"{write_json(key)}: {write_lines(found)}" for key, found in lists.items()]
        head.append(f'"policy_counts": {write_json(count_document(changes))}')
        return "{" + ",\n ".join(head) + ',\n "subjects": [\n'

    def show(self, change: VerdictChange, context: DiffContext) -> str:
        """One subject whose verdict changes."""
        return f"  {write_json(verdict_document(change))}"

    def finish(
        self, counts: VerdictCounts, unjudged: list[Unjudged], problems: Sequence[Problem], context: DiffContext
    ) -> str:
        """What could not be judged, problems with the input, and the counts."""
        errors = [problem_document(problem) for problem in problems if problem.level == "error"]
        warnings = [problem_document(problem) for problem in problems if problem.level != "error"]
        return (
            f'\n ],\n "not_judged": {write_lines(found._asdict() for found in unjudged)},\n'
            f' "errors": {write_lines(errors)},\n "warnings": {write_lines(warnings)},\n'
            f' "summary": {write_json(summary_document(counts, unjudged))}}}\n'
        )


def write_lines(items: Iterable[dict[str, Any]]) -> str:
    """A list, each of its items on a line of its own."""
    lines = ",\n  ".join(map(write_json, items))
    return f"[\n  {lines}]" if lines else "[]"


def side_document(side: SideView) -> dict[str, Any]:
    """One of the two policy sets."""
    return {"given": side.given, "name": side.name, "commit": side.commit, "file": side.config, "digest": side.digest}


def change_document(change: Change) -> dict[str, Any]:
    """One thing that differs, every key always there."""
    return {
        "key": change.key,
        "old": change.old,
        "new": change.new,
        "direction": change.direction,
        "gates": list(change.gates),
        "lines": [{"sign": line.sign, "text": line.text} for line in change.lines],
        "old_at": location_document(change.old_at),
        "new_at": location_document(change.new_at),
    }


def policy_document(found: PolicyChange) -> dict[str, Any]:
    """One policy."""
    return {
        "policy": found.policy,
        "title": found.title,
        "change": found.change,
        "direction": found.direction,
        "changes": [change_document(change) for change in found.changes],
        "wording": [change_document(change) for change in found.wording],
    }


def waiver_document(found: WaiverChange) -> dict[str, Any]:
    """One waiver."""
    return {
        "policy": found.policy,
        "subject": found.subject,
        "id": found.name or None,
        "change": found.change,
        "direction": found.direction,
        "changes": [change_document(change) for change in found.changes],
    }


def count_document(changes: SetChanges) -> dict[str, int]:
    """How many policies differ, of how many."""
    found = [policy.change for policy in changes.in_meaning]
    return {
        "of": changes.known,
        **{word: found.count(word) for word in (ADDED, REMOVED, CHANGED)},
        "wording_only": len(changes.policies) - len(found),
    }


def verdict_document(change: VerdictChange) -> dict[str, Any]:
    """One subject."""
    subject = change.subject
    return {
        "project": subject.project,
        "manifest": subject.manifest,
        "training_config": subject.training_config,
        "old": change.old,
        "new": change.new,
        "policies": [
            {
                "policy": found.policy,
                "old": found.old,
                "new": found.new,
                "old_effect": found.old_effect,
                "new_effect": found.new_effect,
            }
            for found in change.policies
        ],
    }


def summary_document(counts: VerdictCounts, unjudged: Sequence[Unjudged]) -> dict[str, Any]:
    """The counts."""
    return {
        "judged": counts.judged,
        "newly_blocked": counts.count_harder("block"),
        "newly_held": counts.count_harder("hold"),
        "newly_flagged": counts.count_harder("flag"),
        "freed": counts.freed,
        "unchanged": counts.unchanged,
        "unchanged_by_other_outcomes": counts.otherwise,
        "not_judged": len(unjudged),
        "transitions": [
            {"old": old, "new": new, "subjects": counts.transitions[old, new]}
            for old in VERDICTS
            for new in VERDICTS
            if counts.transitions[old, new]
        ],
    }
