"""The counts of a run, and of one project, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.gates import EFFECTS
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    from policy.errors import Problem
    from policy.model.decision import Decision
    from policy.model.recording import RecordCounts
    from policy.model.summary import Summary
    from policy.reports.reporter import ReportContext

VERDICT_WORDS = {"block": "blocked", "hold": "held for approval", "flag": "flagged", "allow": "allowed"}


def say_summary(summary: Summary, problems: Sequence[Problem], context: ReportContext) -> str:
    """How the subjects came out, what was held back, what was not assessed, and what was wrong with the input."""
    parts = [_say_verdicts(summary.verdicts, context), *_say_beyond(summary, context), *_say_rest(summary)]
    errors = sum(problem.level == "error" for problem in problems)
    if errors:
        parts.append(f"{count_noun(errors, 'problem')} with the input (on standard error)")
    if len(problems) > errors:
        parts.append(f"{count_noun(len(problems) - errors, 'warning')} (on standard error)")
    return " · ".join(parts)


def say_counts(decision: Decision) -> str:
    """How the policies came out for one project."""
    outcomes = [outcome.outcome for outcome in decision.outcomes]
    errors, inapplicable = outcomes.count("error"), outcomes.count("not-applicable")
    unset = sum(outcome.outcome == "not-applicable" and outcome.note != "" for outcome in decision.outcomes)
    if inapplicable == len(outcomes) and not unset:
        return f"no policy of the {decision.gate} gate applies to this project"
    counts = {
        "passed": outcomes.count("pass"),
        "failed": outcomes.count("fail"),
        "waived": outcomes.count("waived"),
        "could not be judged": errors,
        "not assessed": len(decision.not_assessed) - errors,
        "not applicable": inapplicable - unset,
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def say_policy_set(context: ReportContext) -> str:
    """Whose policies judged, where it is not the catalogue alone: a line of its own."""
    if context.policies_from is not None or context.selection is not None:
        from policy.reports.proposals import say_setting  # most runs name no revision

        return say_setting(context)
    if context.config is None or not context.policy_set.policies:
        return ""
    return f"judged by {clean(context.show_path(context.config))}\n"


def _say_beyond(summary: Summary, context: ReportContext) -> Iterator[str]:
    """How the subjects come out without what is known."""
    counts = summary.baseline
    if counts is not None and summary.subjects:
        from policy.reports.known import say_states  # most runs have no baseline

        yield f"beyond the baseline: {_say_verdicts(counts.verdicts, context)} ({say_states(counts)})"


def _say_verdicts(verdicts: Counter[str], context: ReportContext) -> str:
    if not verdicts.total():
        return "nothing was judged"
    said = []
    for verdict, word in VERDICT_WORDS.items():
        count = verdicts[verdict]
        fails = verdict == context.fail_on == "flag"
        if count:
            said.append(f"{count:,} {word}{' (which fails: --fail-on flag)' if fails else ''}")
    return ", ".join(said)


def say_records(counts: RecordCounts) -> str:
    """What became of the decisions in the ledger."""
    said = {"recorded": counts.recorded, "waiting to be recorded": counts.spooled, "ON NO RECORD": counts.lost}
    return ", ".join(f"{count:,} {word}" for word, count in said.items() if count)


def _say_rest(summary: Summary) -> Iterator[str]:
    if summary.records is not None and (said := say_records(summary.records)):
        yield said
    kept = summary.kept_back
    held_back = [f"{kept[effect]:,} would {effect}" for effect in reversed(EFFECTS) if kept[effect]]
    if held_back:
        waived = summary.outcomes["waived"]
        yield f"held back: {', '.join(held_back)}{f' ({waived:,} waived)' if waived else ''}"
    errors = summary.outcomes["error"]
    if errors:
        yield f"{count_noun(errors, 'policy')} could not be judged"
    if summary.unassessed > errors:
        # Whatever could not be judged is also among what was not assessed.
        yield f"{count_noun(summary.unassessed - errors, 'policy')} not assessed"
    if summary.contradictions:
        yield count_noun(summary.contradictions, "contradiction")
    if summary.inapplicable:
        yield f"no policy applies to {count_noun(summary.inapplicable, 'project')}"
