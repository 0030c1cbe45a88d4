"""A preview in words that every form of the report uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.preview import FATES, SAME
from policy.reports.layout import count_noun, join_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.preview import Owner, PolicyPreview, Preview, Standing
    from policy.reports.preview.view import PreviewContext

DONE: Final = {"block": "blocked", "hold": "held", "flag": "flagged"}
FATE_WORDS: Final = {
    "blocked": "newly blocked",
    "held": "newly held",
    "flagged": "newly flagged",
    "freed": "freed",
    SAME: "unchanged",
}
CHANGED_EARLIER: Final = "changed before, and not by the latest decision"
NO_OWNER: Final = "an owner that is not recorded"
_SHOWN: Final = 6


def say_scope(context: PreviewContext) -> str:
    """Which recorded decisions were asked about, and as at when they were judged."""
    gate = f"at the gate {context.gate}" if context.gate else "at every gate"
    project = f" about {context.project}" if context.project else ""
    time = f"all as at {context.at}" if context.at else "each as at its own time"
    return f"decisions{project} {gate} from {context.since} to {context.until}, {time}"


def say_owner(owner: Owner) -> str:
    """Who answers for a project."""
    if not (owner.team or owner.contact):
        return "owner not recorded"
    contact = f" ({owner.contact})" if owner.team and owner.contact else ""
    return f"owned by {owner.team or owner.contact}{contact}"


def say_decisions(preview: Preview) -> str:
    """How the decisions come out, with what they are of."""
    counts = preview.counts
    parts = [
        f"{counts.count_harder('block'):,} newly blocked",
        f"{counts.count_harder('hold'):,} newly held",
        f"{counts.count_harder('flag'):,} newly flagged",
        f"{counts.freed:,} freed",
        f"{counts.unchanged:,} unchanged",
    ]
    judged = f"{counts.judged:,} of {count_noun(preview.recorded, 'recorded decision')} judged again"
    return f"{judged}: {', '.join(parts)}"


def say_projects(preview: Preview) -> str:
    """How the projects come out."""
    total = sum(preview.fates.values())
    parts = [f"{preview.fates[fate]:,} {FATE_WORDS[fate]}" for fate in FATES]
    return f"{count_noun(total, 'project')}, by the latest decisions: {', '.join(parts)}"


def say_exceptions(preview: Preview) -> str:
    """How many decisions keep what excepted them; empty for none."""
    if not preview.excepted:
        return ""
    keep = "keeps the waivers and approvals that were" if preview.excepted == 1 else "keep the waivers and approvals"
    rest = " recorded with it" if preview.excepted == 1 else " that were recorded with them"
    return f"{count_noun(preview.excepted, 'decision')} {keep}{rest}"


def say_latest(standing: Standing) -> str:
    """Which decision is the latest one, and what becomes of those before."""
    latest = standing.latest
    changed = [
        f"{count:,} {word}" for count, word in ((standing.harder, "harder"), (standing.milder, "milder")) if count
    ]
    of = count_noun(standing.judged, "decision")
    return f"latest of {of} ({', '.join(changed)}): entry {latest.entry:,}, {latest.time}, {latest.id}"


def list_acting(preview: Preview) -> list[PolicyPreview]:
    """The policies that do something to any decision, or would; those that would block most first."""
    acting = [policy for policy in preview.policies if any(policy.count(act) for act in DONE)]
    return sorted(acting, key=lambda policy: ([-policy.count(act) for act in DONE], policy.policy))


def list_unknown(preview: Preview) -> list[PolicyPreview]:
    """The policies that stay unknown somewhere, most often first."""
    unknown = [policy for policy in preview.policies if policy.decisions.outcomes["unknown"]]
    return sorted(unknown, key=lambda policy: (-policy.decisions.outcomes["unknown"], policy.policy))


def say_standing(policy: PolicyPreview) -> str:
    """In brackets, what keeps a policy back by its own settings."""
    kept = [policy.mode] if policy.mode != "enforce" else []
    kept += [f"from {policy.starts}"] if policy.starts else []
    return f" ({', '.join(kept)})" if kept else ""


def say_policy(policy: PolicyPreview) -> str:
    """What promotion asks for: would have blocked N of M, owned by whom."""
    parts = [*_say_effects(policy, f"of {count_noun(policy.judged, 'decision')}")]
    if policy.newly:
        parts.append(f"a harder verdict for {policy.newly:,}")
    concerned = sum(count for _, count in policy.owners)
    parts.append(f"{concerned:,} of {count_noun(policy.projects, 'project')}")
    if concerned:
        owned = join_names([f"{name or NO_OWNER} ({count:,})" for name, count in policy.owners], _SHOWN)
        parts.append(f"owned by {owned}")
    return ", ".join(parts)


def _say_effects(policy: PolicyPreview, of: str) -> Iterator[str]:
    for act, done in DONE.items():
        if policy.decisions.acts[act]:
            yield f"would have {done} {policy.decisions.acts[act]:,} {of}"
        if policy.decisions.kept[act]:
            yield f"if enforced would have {done} {policy.decisions.kept[act]:,} {of}"


def say_unknown(policy: PolicyPreview) -> str:
    """In how many decisions a policy stays unknown, and what would have to be known."""
    count = policy.decisions.outcomes["unknown"]
    missing = [f"{name} ({times:,})" for name, times in policy.missing]
    rest = f"; not recorded: {join_names(missing, _SHOWN)}" if missing else ""
    return f"in {count:,} of {count_noun(policy.judged, 'decision')}{rest}"


def say_later(preview: Preview, context: PreviewContext) -> str:
    """That some policies act in full only later than these decisions were made; empty where none does."""
    last = (context.at or context.time)[:10]
    later = [policy.policy for policy in preview.policies if policy.starts and policy.starts > last]
    if not later:
        return ""
    start = max(policy.starts for policy in preview.policies if policy.starts)
    acts = "acts" if len(later) == 1 else "act"
    return f"{join_names(later, _SHOWN)} {acts} in full only later: add `--effective-time {start}` to see it"
