"""Which metric is compared, and which results of it: the tuned model's, and the best cheaper one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.evidence.results.entries import Entry
    from policy.evidence.results.result import Metric, Result

TUNED = ("fine-tuning", "hybrid")
_MOST_NAMED = 5


class UndecidedError(Exception):
    """Why it cannot be told. `apart` says that tuned and cheaper results have no metric in common at all."""

    def __init__(self, reason: str, *, apart: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.apart = apart


class Scored(NamedTuple):
    """One entry's value of the chosen metric, and the name that the metric goes by in its results."""

    entry: Entry
    result: Result
    name: str

    @property
    def metric(self) -> Metric:
        return self.result.metrics[self.name]


def split_entries(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The tuned ones and the cheaper ones; one with results that does not say what it is may be either."""
    tuned = [entry for entry in entries if entry.approach in TUNED]
    cheaper = [entry for entry in entries if entry.approach not in TUNED and (entry.approach or entry.key)]
    return tuned, cheaper


def choose_metric(tuned: Sequence[Entry], cheaper: Sequence[Entry]) -> str:
    """The metric that the tuned entries name, else that which all name, else the only one in all results."""
    for group in (tuned, [*tuned, *cheaper]):
        named = sorted({entry.metric.value for entry in group if entry.metric})
        if len(named) > 1:
            raise UndecidedError(f"entries under `tried` name several metrics ({_join(named)}), so none is compared")
        if named:
            return str(named[0])
    # Of one approach several files may hold a metric each.
    held = [_collect_names(tuned)] if tuned else []
    approaches = dict.fromkeys(entry.approach for entry in cheaper)
    held += [_collect_names(entry for entry in cheaper if entry.approach == approach) for approach in approaches]
    held = [names for names in held if names]
    shared = sorted(set.intersection(*held)) if held else []
    if len(shared) == 1:
        return shared[0]
    if shared:
        raise UndecidedError(f"the results share several metrics ({_join(shared)}): name one as `metric` under `tried`")
    reason = next((entry.reason for entry in (*tuned, *cheaper) if entry.reason), "the results share no metric")
    raise UndecidedError(reason, apart=_are_apart(tuned, cheaper))


def _collect_names(entries: Iterable[Entry]) -> set[str]:
    return {name for entry in entries if entry.result for name in entry.result.metrics}


def _are_apart(tuned: Sequence[Entry], cheaper: Sequence[Entry]) -> bool:
    if any(entry.reason for entry in (*tuned, *cheaper)):
        return False
    mine, theirs = (
        {spelling for entry in group if entry.result for spelling in _spell(entry.result)} for group in (tuned, cheaper)
    )
    return bool(mine and theirs and not mine & theirs)


def _spell(result: Result) -> set[str]:
    return {spelling for name, metric in result.metrics.items() for spelling in (name, *metric.spellings)}


def pick_tuned(tuned: Sequence[Entry], wanted: str, approach: str | None) -> Scored:
    """The tuned model's result: of the project's own approach where both were tried. Raises UndecidedError."""
    own = [entry for entry in tuned if entry.approach == approach] or list(tuned)
    scored = list({(item.result.shown, item.name): item for item in _score_all(own, wanted)}.values())
    if len(scored) > 1:
        named = _join([item.result.shown for item in scored])
        raise UndecidedError(f"several results are of a tuned model ({named}), and which one counts is not said")
    if not scored:
        raise UndecidedError("no result of a tuned model is named under `tried`")
    return scored[0]


def pick_baseline(cheaper: Sequence[Entry], wanted: str) -> Scored:
    """The best cheaper result, the untouched base model's included. Raises UndecidedError.

    The best of some is not the best: it is undecided while one cannot be read, or states a better score of its own
    than what was read.
    """
    scored = _score_all(cheaper, wanted)
    if not scored:
        raise UndecidedError("no result of a cheaper approach is named under `tried`")
    unsaid = next((item for item in scored if item.entry.approach is None), None)
    if unsaid is not None:
        raise UndecidedError(f"the entry of `tried` with `{unsaid.entry.shown}` names no approach")
    directions = {item.metric.higher_is_better for item in scored}
    if len(directions) > 1:
        raise UndecidedError(f"the results disagree on whether more `{wanted}` is better")
    # The name decides between equals, so that the order of entries decides nothing.
    ranked = sorted(
        scored, key=lambda item: (-item.metric.value if directions == {True} else item.metric.value, item.result.shown)
    )
    best = ranked[0]
    for entry in cheaper:
        if entry.result or entry.score is None or (entry.metric and entry.metric.value != wanted):
            continue
        if entry.score != best.metric.value and (entry.score > best.metric.value) == best.metric.higher_is_better:
            raise UndecidedError(f"{entry.shown} states a better score, and no results that could be read")
    return best


def _score_all(entries: Sequence[Entry], wanted: str) -> list[Scored]:
    found = []
    for entry in entries:
        if entry.reason:
            raise UndecidedError(entry.reason)
        if entry.result is not None and (name := entry.result.find(wanted)) is not None:
            found.append(Scored(entry, entry.result, name))
    having = {item.entry.approach for item in found}
    for entry in entries:
        # An entry for another metric is no result of this one, and neither is a second file of an approach.
        other = entry.metric is not None and entry.metric.value != wanted
        if entry.result is not None and entry.approach not in having and not other:
            raise UndecidedError(f"`{entry.shown}` holds no metric `{wanted}`, or several of that name")
    return found


def _join(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
