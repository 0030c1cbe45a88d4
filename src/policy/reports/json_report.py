"""Decisions as JSON, `policy-decisions/1`: the contract that other programs read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.model.baseline import STATES
from policy.model.gates import EFFECTS, OUTCOMES, VERDICTS
from policy.model.selection import UNTOUCHED, Touched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Location, Problem
    from policy.model.baseline import BaselineCounts, BaselineEntry, Compared, Comparison
    from policy.model.decision import Approved, ContradictionNote, Decision, Outcome, Reason
    from policy.model.proposal import PoliciesFrom, Proposed
    from policy.model.recording import RecordCounts
    from policy.model.selection import Selection
    from policy.model.summary import Summary
    from policy.model.waiver_entry import Standing
    from policy.reports.reporter import ReportContext

FORMAT: Final = "policy-decisions/1"
# Anywhere in a line it makes a command for the runner of GitHub Actions; in JSON it stands in texts only.
COMMAND: Final = "##["
ESCAPED_COMMAND: Final = "#\\u0023["


class JsonReporter:
    """The report for programs: one decision a line, in the order in which they were made."""

    name = "json"
    separator = ",\n"
    worst_first = False

    def start(self, context: ReportContext) -> str:
        """The head, up to the first decision."""
        return f'{{"format": {write_json(FORMAT)},\n "decisions": [\n'

    def report_decision(self, decision: Decision, context: ReportContext) -> str:
        """One decision."""
        return write_json({**decision_document(decision), "approved": approved_document(decision.approved)})

    def finish(self, summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
        """Problems with the input, and the counts."""
        errors = [problem_document(problem) for problem in problems if problem.level == "error"]
        warnings = [problem_document(problem) for problem in problems if problem.level != "error"]
        return (
            f'\n ],\n "policies_from": {write_json(source_document(context.policies_from))},\n'
            f' "changed_since": {write_json(selection_document(context.selection))},\n'
            f' "baseline": {write_json(baseline_document(summary.baseline))},\n'
            f' "ledger": {write_json(ledger_document(summary.records))},\n'
            f' "waivers": {write_json([waiver_document(standing) for standing in summary.waivers])},\n'
            f' "errors": {write_json(errors)},\n "warnings": {write_json(warnings)},\n'
            f' "summary": {write_json(summary_document(summary))}}}\n'
        )


def write_json(value: Any) -> str:
    """JSON on one line; escaped to ASCII where it holds what a terminal would act on or UTF-8 cannot carry."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        # JSON itself escapes no more than the first 32 characters; DEL survives even in ASCII.
        text = json.dumps(value).replace("\x7f", "\\u007f")
    return text.replace(COMMAND, ESCAPED_COMMAND)


def decision_document(decision: Decision) -> dict[str, Any]:
    """A decision as the contract has it, every key always there."""
    return {
        "id": decision.id,
        "project": decision.subject.project,
        "manifest": decision.subject.manifest,
        "training_config": decision.subject.training_config,
        "gate": decision.gate,
        "time": decision.time,
        "verdict": decision.verdict,
        "mode": decision.mode,
        "basis": decision.basis,
        "policy_set": decision.policy_set,
        "subject": decision.subject_digest,
        "evidence": decision.evidence,
        "waivers": decision.waivers,
        "approvals": decision.approvals,
        "tables": decision.tables,
        "engine": decision.engine,
        "stake": decision.stake or None,
        "outcomes": [outcome_document(outcome) for outcome in decision.outcomes],
        "contradictions": [contradiction_document(found) for found in decision.contradictions],
        "not_assessed": [
            {"policy": item.policy, "missing": list(item.missing), "settle": item.settle}
            for item in decision.not_assessed
        ],
        "proposed": proposed_document(decision.proposed),
        "baseline": compared_document(decision.baseline),
    }


def approved_document(approved: Approved | None) -> dict[str, Any] | None:
    """Who let pass what would hold, which is no part of what is recorded; null where nobody had to."""
    if approved is None:
        return None
    by = [{**yes._asdict(), "until": yes.until or None} for yes in approved.yeses]
    return {"policies": list(approved.policies), "by": by}


def compared_document(compared: Compared | None) -> dict[str, Any] | None:
    """How the findings compare with the baseline; null without one."""
    if compared is None:
        return None
    return {"verdict": compared.verdict, "findings": [comparison_document(found) for found in compared.findings]}


def comparison_document(found: Comparison) -> dict[str, Any]:
    """How one finding compares."""
    return {
        "policy": found.policy,
        "fingerprint": found.fingerprint,
        "state": found.state,
        "since": found.since.isoformat() if found.since else None,
        "note": found.note,
    }


def baseline_document(counts: BaselineCounts | None) -> dict[str, Any] | None:
    """What the run was compared with, how it came out beyond that, and what is fixed; null without a baseline."""
    if counts is None:
        return None
    return {
        "file": counts.file,
        "entries": counts.entries,
        "verdicts": {word: counts.verdicts[word] for word in VERDICTS},
        "findings": {word: counts.states[word] for word in STATES},
        "fixed": [fixed_document(entry) for entry in counts.fixed],
    }


def ledger_document(counts: RecordCounts | None) -> dict[str, Any] | None:
    """What became of the decisions in the ledger; null where none keeps those of the gate."""
    if counts is None:
        return None
    return {
        "address": counts.ledger,
        "recorded": counts.recorded,
        "spooled": counts.spooled,
        "lost": counts.lost,
        "effect": counts.effect,
    }


def fixed_document(entry: BaselineEntry) -> dict[str, Any]:
    """An entry of the baseline of which nothing is found any more."""
    return {
        "policy": entry.policy,
        "project": entry.project,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "fingerprint": entry.fingerprint,
        "since": entry.since.isoformat(),
    }


def proposed_document(proposed: Proposed | None) -> dict[str, Any] | None:
    """What the change's own policies would make of the subject; null where nothing else."""
    if proposed is None:
        return None
    return {"verdict": proposed.verdict, "policies": list(proposed.policies), "policy_set": proposed.policy_set}


def source_document(source: PoliciesFrom | None) -> dict[str, Any] | None:
    """The revision that the policies were read from."""
    if source is None:
        return None
    changes = source.proposed
    proposed = changes and {
        "policies": list(changes.policies),
        "settings": list(changes.settings),
        "loaded": changes.loaded,
    }
    return {"revision": source.revision, "commit": source.commit, "config": source.config, "proposed": proposed}


def selection_document(selection: Selection | None) -> dict[str, Any] | None:
    """Which projects were judged because of what is changed, and which were not."""
    if selection is None:
        return None
    skipped = [Touched(path, UNTOUCHED) for path in selection.skipped]
    return {
        "revision": selection.revision,
        "commit": selection.commit,
        "compared_with": selection.base,
        "projects": selection.projects,
        "judged": [touched_document(item) for item in selection.judged],
        "skipped": [touched_document(item) for item in skipped],
        "gone": [touched_document(item) for item in selection.gone],
        "files": [touched_document(item) for item in selection.files],
    }


def touched_document(item: Touched) -> dict[str, Any]:
    """A project, and why it was judged or not."""
    return {"path": item.path, "reason": item.reason}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What one policy says."""
    return {
        "policy": outcome.policy,
        "outcome": outcome.outcome,
        "effect": outcome.effect,
        "would_be": outcome.would_be,
        "severity": outcome.severity,
        "message": outcome.message,
        "instead": list(outcome.instead),
        "fix": outcome.fix,
        "note": outcome.note,
        "location": location_document(outcome.location),
        "because": [reason_document(reason) for reason in outcome.because],
    }


def reason_document(reason: Reason) -> dict[str, Any]:
    """One test that decided."""
    return {
        "field": reason.field,
        "test": reason.test,
        "expected": reason.expected,
        "actual": reason.actual,
        "origin": reason.origin,
        "result": reason.result,
        "source": reason.source,
        "location": location_document(reason.location),
    }


def waiver_document(standing: Standing) -> dict[str, Any]:
    """A waiver of the policy set and how it stands."""
    entry = standing.entry
    return {
        "id": entry.id or None,
        "request": entry.request or None,
        "policy": entry.policy,
        "subject": entry.subject,
        "state": standing.state,
        "counts": standing.counts,
        "used": standing.used,
        "expires": entry.expires.isoformat(),
        "days_left": standing.days_left,
        "reason": entry.reason,
        "compensating_control": entry.compensating_control or None,
        "ticket": entry.ticket or None,
        "owner": entry.owner,
        "requested_by": entry.requested_by,
        "requested_on": entry.requested_on.isoformat() if entry.requested_on else None,
        "approved_by": entry.approved_by or None,
        "approved_on": entry.approved_on.isoformat() if entry.approved_on else None,
        "doubts": [{"message": doubt.why, "remedy": doubt.remedy} for doubt in standing.doubts],
        "location": location_document(entry.location),
    }


def contradiction_document(found: ContradictionNote) -> dict[str, Any]:
    """A claim that evidence speaks against."""
    return {
        "field": found.field,
        "declared": found.declared,
        "observed": found.observed,
        "message": found.message,
        "source": found.source,
        "declared_at": location_document(found.declared_at),
        "observed_at": location_document(found.observed_at),
    }


def location_document(place: Location | None) -> dict[str, Any] | None:
    """A place in a file; its end where one is known."""
    if place is None:
        return None
    document: dict[str, Any] = {"file": place.file, "line": place.line, "column": place.column}
    if place.end_line:
        document |= {"end_line": place.end_line, "end_column": place.end_column}
    return document


def problem_document(problem: Problem) -> dict[str, Any]:
    """A problem with the input."""
    return {
        "message": problem.message,
        "remedy": problem.remedy,
        "location": location_document(problem.location),
        "related": [{"message": text, "location": location_document(place)} for text, place in problem.related],
    }


def summary_document(summary: Summary) -> dict[str, Any]:
    """The counts, every word always there."""
    return {
        "subjects": summary.subjects,
        "verdicts": {word: summary.verdicts[word] for word in VERDICTS},
        "outcomes": {word: summary.outcomes[word] for word in OUTCOMES},
        "effects": {word: summary.effects[word] for word in EFFECTS},
        "kept_back": {word: summary.kept_back[word] for word in EFFECTS},
        "not_assessed": summary.unassessed,
        "not_applicable": summary.inapplicable,
        "contradictions": summary.contradictions,
    }
