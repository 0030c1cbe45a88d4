"""What is said of a change that proposes other policies than those that judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.layout import clean, count_noun, join_names

if TYPE_CHECKING:
    from policy.model.decision import Decision
    from policy.model.proposal import PoliciesFrom, ProposedChanges
    from policy.model.selection import Selection
    from policy.reports.reporter import ReportContext

NAMED = 6
# Digits of a commit that are enough for a reader.
SHORT = 10


def say_proposed(decision: Decision) -> str:
    """What the change's own policies would make of a subject, in one clause; empty where nothing else."""
    proposed = decision.proposed
    if proposed is None:
        return ""
    still = "still " if proposed.verdict == decision.verdict else ""
    names = join_names([clean(name) for name in proposed.policies], NAMED)
    return f"proposed: this change also changes {names}: with it the verdict would {still}be {proposed.verdict}"


def say_setting(context: ReportContext) -> str:
    """Whose policies judged which projects, a line each; nothing where there were none that could have judged."""
    if not context.policy_set.policies:
        return ""
    chosen = say_selection(context.selection) if context.selection is not None else ""
    if context.policies_from is not None:
        return chosen + say_source(context.policies_from)
    return chosen + (f"judged by {clean(context.show_path(context.config))}\n" if context.config else "")


def say_source(source: PoliciesFrom) -> str:
    """The revision that the policies are of, and what the change does to them: a line each."""
    short = source.commit[:SHORT]
    at = short if source.revision == source.commit else f"{clean(source.revision)} ({short})"
    if source.config is None:
        first = f"judged by the catalogue, for there is no policy set at {at}\n"
    else:
        first = f"judged by {clean(source.config.partition('/')[2])} at {at}\n"
    return first + (f"{say_changes(source.proposed)}\n" if source.proposed is not None else "")


def say_changes(changes: ProposedChanges) -> str:
    """What a change does to the policy set, in one line."""
    if not changes.loaded:
        return "proposed: this change also changes the policy set, which then cannot be read (on standard error)"
    said = [*changes.policies[:NAMED], *(f"`{name}`" for name in changes.settings)]
    if len(changes.policies) > NAMED:
        said.append(f"{len(changes.policies) - NAMED} more policies")
    return f"proposed: this change also changes {join_names(said, len(said))}: enforced once it is merged"


def say_selection(selection: Selection) -> str:
    """How many of all projects were judged because of what is changed: a line of its own."""
    files = len(selection.files)
    beside = f", and looked at {count_noun(files, 'file')} without a manifest" if files else ""
    near = ", compared with it as it is: this clone does not reach back to where they part" if selection.direct else ""
    gone = f"; {count_noun(len(selection.gone), 'manifest')} gone" if selection.gone else ""
    counted = f"judged {len(selection.judged):,} of {count_noun(selection.projects, 'project')}{beside}"
    return f"{counted}: changed since {clean(selection.revision)} ({selection.commit[:10]}{near}){gone}\n"
