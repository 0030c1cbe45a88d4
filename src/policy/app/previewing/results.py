"""What becomes of each project, with the policies that come out otherwise in its latest decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.previewing.tallies import find_fate, tell_fate
from policy.errors import PolicyError, Problem
from policy.model.gates import EFFECTS
from policy.model.preview import FATES, SAME, ProjectPreview, Standing
from policy.model.set_changes import Responsible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from policy.app.previewing.bench import Judged
    from policy.app.previewing.exceptions import Exceptions
    from policy.app.previewing.tallies import Latest, Tallies
    from policy.model.preview import Previewed
    from policy.records.objects import DecisionRow

    Describe = Callable[[DecisionRow, Judged], Previewed]


def describe_projects(
    grouped: Mapping[str, list[Latest]], describe: Describe, tallies: Tallies, exceptions: Exceptions
) -> Iterator[ProjectPreview]:
    """The projects of which any decision changes, the hardest change of a latest decision first."""
    changed = [(project, several) for project, several in grouped.items() if any(map(_changes, several))]
    for project, several in sorted(changed, key=lambda pair: FATES.index(find_fate(pair[1]))):
        own = [latest for latest in several if _changes(latest)]
        standings = tuple(_describe(latest, describe, tallies, exceptions) for latest in own)
        first = min(standings, key=lambda standing: FATES.index(_tell(standing)))
        yield ProjectPreview(project, find_fate(several), first.latest.owner, standings)


def _changes(latest: Latest) -> bool:
    return bool(latest.harder or latest.milder)


def _tell(standing: Standing) -> str:
    return tell_fate(standing.latest.old, standing.latest.new)


def _describe(latest: Latest, describe: Describe, tallies: Tallies, exceptions: Exceptions) -> Standing:
    policies: tuple[Responsible, ...] | None = ()
    if latest.fate != SAME:
        try:
            before = read_outcomes(exceptions.read_payload(latest.row.seq))
            policies = tuple(list_responsible(before, tallies.list_outcomes(latest.result)))
        except PolicyError:
            policies = None
    return Standing(describe(latest.row, latest.result), latest.judged, latest.harder, latest.milder, policies)


def read_outcomes(payload: Any) -> dict[str, tuple[str, str | None]]:
    """Of each policy in a recorded decision its outcome, and what it did or would have done. Raises PolicyError."""
    outcomes = payload["decision"].get("outcomes")
    if type(outcomes) is not list or not all(type(outcome) is dict for outcome in outcomes):
        raise PolicyError(Problem("the recorded outcomes cannot be read", "verify the ledger"))
    found = {}
    for outcome in outcomes:
        kept = outcome.get("would_be")
        effect = outcome.get("effect") or (f"would {kept}" if kept else None)
        found[str(outcome.get("policy"))] = (str(outcome.get("outcome")), effect)
    return found


def list_responsible(
    before: Mapping[str, tuple[str, str | None]], after: Mapping[str, tuple[str, str | None]]
) -> Iterator[Responsible]:
    """The policies that come out otherwise, by what they do or would do, the hardest first."""
    none: tuple[None, None] = (None, None)
    changed = [name for name in sorted({**before, **after}) if before.get(name) != after.get(name)]
    told = [(name, before.get(name, none), after.get(name, none)) for name in changed]
    for name, ours, theirs in sorted(told, key=lambda item: -max(_weigh(item[1][1]), _weigh(item[2][1]))):
        yield Responsible(name, ours[0], theirs[0], ours[1], theirs[1])


def _weigh(effect: str | None) -> int:
    if effect is None:
        return 0
    kept = effect.startswith("would ")
    word = effect.removeprefix("would ")
    # What acts comes before all that is kept back.
    return (EFFECTS.index(word) + 1 if word in EFFECTS else 0) + (0 if kept else len(EFFECTS))
