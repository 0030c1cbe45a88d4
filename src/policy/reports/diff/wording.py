"""Changes in words that every form of the report uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.gates import GATES
from policy.model.set_changes import DIRECTIONS, NEITHER, UNCLEAR
from policy.reports.layout import count_noun, join_names

if TYPE_CHECKING:
    from policy.errors import Location
    from policy.model.set_changes import Change, Responsible, SetChanges, Unjudged, VerdictChange, VerdictCounts
    from policy.reports.diff.view import DiffContext, SideView

LABELS = {
    "effect": "a failure does",
    "on_unknown": "an unknown outcome does",
    "from": "acts in full from",
    "when": "applies",
    "require": "requires",
    "observed": "counts only with evidence",
    "waiver_rules": "rules for waivers",
    "trusted": "trusted revision for waivers",
}
# What stands for a value that is not there.
ABSENT = {"effect": "not judged", "on_unknown": "not judged", "from": "at once"}
DIRECTION_WORDS = {
    "stricter": "stricter",
    "milder": "milder",
    NEITHER: "neither stricter nor milder",
    UNCLEAR: "stricter or milder: cannot be told in general",
}
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
BY = {"OLD": "by OLD", "NEW": "by NEW", "both": "by either"}


def label(change: Change) -> str:
    """What a change is about."""
    return LABELS.get(change.key, change.key.removeprefix("params."))


def say_values(change: Change) -> str:
    """`observe → enforce at ci`; empty where lines say it."""
    if change.lines or (change.old is None and change.new is None):
        return ""
    none = ABSENT.get(change.key, "nothing")
    return f"{change.old or none} → {change.new or none}{say_gates(change.gates)}"


def say_whole(change: Change) -> str:
    """A value of a policy or waiver that only one of the sets has."""
    return f"{change.old or change.new or ''}{say_gates(change.gates)}"


def say_gates(gates: tuple[str, ...]) -> str:
    """At which gates, where it is not at all of them."""
    if not gates:
        return ""
    return " at every gate" if gates == GATES else f" at {join_names(list(gates), len(GATES))}"


def say_places(change: Change) -> str:
    """Where the two values are set, if a layer sets one."""
    if change.old_at is None and change.new_at is None:
        return ""
    return f"{_say_place(change.old_at)} → {_say_place(change.new_at)}"


def _say_place(place: Location | None) -> str:
    return f"{place.file}:{place.line}" if place else "by default"


def say_direction(direction: str) -> str:
    """In brackets, where there is something to say."""
    return "" if direction == NEITHER else f" ({direction})"


def say_side(side: SideView) -> str:
    """Which policy set it is."""
    return (
        f"{side.name}, {side.config}"
        if side.config and side.config != side.name
        else side.name + ("" if side.config else ", the catalogue as it is")
    )


def say_extent(changes: SetChanges) -> str:
    """How much differs, in one line."""
    if not changes.has_meaning:
        wording = len(changes.policies)
        rest = f"; the wording of {wording:,} of {count_noun(changes.known, 'policy')} differs" if wording else ""
        return f"no change of meaning{rest}"
    counted = [f"{len(changes.in_meaning):,} of {count_noun(changes.known, 'policy')}"]
    counted += [count_noun(len(changes.settings), "setting")] if changes.settings else []
    counted += [count_noun(len(changes.waivers), "waiver")] if changes.waivers else []
    directions = list(changes.list_directions())
    told = [f"{directions.count(word):,} {word}" for word in DIRECTIONS if directions.count(word)]
    return f"changed: {', '.join(counted)} · {', '.join(told)}"


def say_counts(counts: VerdictCounts, unjudged: list[Unjudged], context: DiffContext) -> str:
    """How the subjects come out, with what they are of."""
    files = f"{count_noun(len(unjudged), 'file')} could not be judged"
    if not counts.judged:
        return f"no project to judge below here; {files}" if unjudged else "no project to judge below here"
    parts = [
        f"{counts.count_harder('block'):,} newly blocked",
        f"{counts.count_harder('hold'):,} newly held",
        f"{counts.count_harder('flag'):,} newly flagged",
        f"{counts.freed:,} freed",
        f"{counts.unchanged:,} unchanged{f' ({counts.otherwise:,} by other outcomes)' if counts.otherwise else ''}",
    ]
    return f"{count_noun(counts.judged, 'subject')} at the gate {context.gate}: {', '.join(parts)}; {files}"


def list_other_gates(changes: SetChanges, gate: str) -> tuple[str, ...]:
    """The gates that single changes are about, and not this one."""
    named = [change.gates for policy in changes.in_meaning for change in policy.changes]
    named += [(change.key.split(".")[1],) for change in changes.settings if change.key.startswith("gates.")]
    return tuple(other for other in GATES if any(other in gates and gate not in gates for gates in named))


def say_other_gates(counts: VerdictCounts, context: DiffContext) -> str:
    """What the verdicts leave out, and how to ask for it; empty where they leave out nothing."""
    gates = context.other_gates
    if not gates or not counts.judged:
        return ""
    asked = " or ".join(f"`--gate {gate}`" for gate in gates)
    differ = f"the sets also differ at {join_names(list(gates), len(GATES))}"
    return f"{differ}, which these verdicts do not show: judge there with {asked}"


def say_responsible(found: Responsible) -> str:
    """A policy, its outcomes, and what each does."""
    before, after = (
        "not judged" if outcome is None else f"{outcome} ({effect})" if effect else outcome
        for outcome, effect in ((found.old, found.old_effect), (found.new, found.new_effect))
    )
    return f"{before} → {after}"


def list_files(change: VerdictChange, context: DiffContext) -> list[str]:
    """The files of a subject."""
    subject = change.subject
    return [context.show_path(file) for file in (subject.manifest, subject.training_config) if file]
