"""The facts that results make: of each entry of `tried`, and of the evaluation as a whole."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from policy.errors import Problem
from policy.evidence.results.choice import (
    Scored,
    UndecidedError,
    choose_metric,
    pick_baseline,
    pick_tuned,
    split_entries,
)
from policy.evidence.results.comparison import Comparer
from policy.model.fact import Fact, Members
from policy.model.fields import RESULTS, RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.evidence.results.entries import Entry
    from policy.evidence.results.result import Result

_BASELINE, _TUNED, _GAIN = "evaluation.baseline", "evaluation.tuned", "evaluation.gain"
_LOW, _COMPARABLE = "evaluation.gain_low", "evaluation.comparable"
_LOWER = "evaluation.lower_is_better"
_NO_INTERVAL = "the results give no standard errors, and no samples lie beside them: two numbers have no interval"


class Findings:
    """Finds what entries say together; `unavailable` holds why a fact cannot be told."""

    def __init__(self, entries: Sequence[Entry], approach: str | None, root: str, problems: list[Problem]) -> None:
        self.unavailable: dict[str, str] = {}
        self._entries = entries
        self._problems = problems
        self._comparer = Comparer(root, problems)
        self._apart = False
        tuned, cheaper = split_entries(entries)
        for path, group, what in ((_TUNED, tuned, "a tuned model"), (_BASELINE, cheaper, "a cheaper approach")):
            if not group:
                self._miss(f"no result of {what} is named under `tried`", path)
        self._wanted = self._choose(tuned, cheaper)
        wanted = self._wanted
        if wanted is None:
            self._tuned = self._baseline = None
            return
        self._tuned = self._attempt(_TUNED, lambda: pick_tuned(tuned, wanted, approach))
        self._baseline = self._attempt(_BASELINE, lambda: pick_baseline(cheaper, wanted))

    def _choose(self, tuned: Sequence[Entry], cheaper: Sequence[Entry]) -> str | None:
        try:
            return choose_metric(tuned, cheaper)
        except UndecidedError as fault:
            self._miss(fault.reason, _BASELINE, _TUNED)
            self._apart = fault.apart
            return None

    def _attempt(self, path: str, pick: Callable[[], Scored]) -> Scored | None:
        try:
            return pick()
        except UndecidedError as fault:
            self._miss(fault.reason, path)
            return None

    def _miss(self, reason: str, *paths: str) -> None:
        """Note why these are not known, nor what follows from them; what was noted before stays."""
        for path in (*paths, _GAIN, _LOW, _COMPARABLE):
            self.unavailable.setdefault(path, reason)

    def describe_entries(self) -> Iterator[Fact]:
        """`tried`: whether what an entry names is there, and of results that were read what they are and compare to."""
        members: dict[Any, dict[str, Fact]] = {}
        claimed: dict[Any, dict[str, Fact]] = {}
        for entry in self._entries:
            if entry.key is None:
                continue
            key = entry.key.path, entry.key.value
            if key in members or key in claimed:
                # What is observed under a key belongs to the first entry that has it.
                reason = f"several entries name `{entry.shown}`, and what it holds is told of the first of them"
                self.unavailable.setdefault("tried", reason)
            elif entry.found is None:
                self.unavailable.setdefault("tried", entry.reason)
            else:
                (members if entry.asked else claimed)[key] = self._describe_entry(entry, entry.key, entry.found)
        if members:
            yield self._state("tried", Members(tuple(members.values()), complete=False), self._entries[0])
        if claimed:
            fact = self._state("tried", Members(tuple(claimed.values()), complete=False), self._entries[0])
            yield fact._replace(origin="declared")

    def _describe_entry(self, entry: Entry, key: Fact, found: bool) -> dict[str, Fact]:
        values = {key.path: key.value, "result_found": found}
        if entry.result is not None:
            values |= self._describe_result(entry, entry.result)
        return {path: self._state(path, value, entry) for path, value in values.items() if value is not None}

    def _describe_result(self, entry: Entry, result: Result) -> dict[str, Any]:
        values: dict[str, Any] = {}
        shots = result.few_shot
        if (name := self._name_metric(entry, result)) is not None:
            scored = Scored(entry, result, name)
            values |= {"metric": self._spell(scored), "score": scored.metric.value}
            told = {task.few_shot for task in scored.metric.tasks}
            shots = told.pop() if len(told) == 1 else shots
            tuned = self._tuned
            if tuned is not None and result.shown != tuned.result.shown and name == tuned.name:
                values["comparable"] = self._comparer.compare(scored, tuned)[0]
        return {**values, "few_shot": shots}

    def _spell(self, scored: Scored) -> str:
        """The metric's name as the manifest writes it, where it does."""
        named = scored.entry.metric.value if scored.entry.metric else self._wanted
        return named if named is not None and scored.result.find(named) == scored.name else scored.name

    def _name_metric(self, entry: Entry, result: Result) -> str | None:
        """The metric that the entry names, else the one that is compared, else the only one."""
        if entry.metric is None:
            found = result.find(self._wanted) if self._wanted is not None else None
            return found or (next(iter(result.metrics)) if len(result.metrics) == 1 else None)
        found = result.find(entry.metric.value)
        if found is None:
            message = f"`{entry.shown}` holds no metric `{entry.metric.value}`, or several of that name"
            remedy = f"write one of {', '.join(sorted(result.metrics)[:10])}"
            self._problems.append(Problem(message, remedy, entry.metric.location, level="warning"))
        return found

    def describe_evaluation(self) -> Iterator[Fact]:
        """What all results say together; for what cannot be told, `unavailable` holds the reason."""
        names = sorted({name for entry in self._entries if entry.result for name in entry.result.metrics})
        if names:
            whole = not any(entry.reason for entry in self._entries)
            yield self._state("evaluation.metrics", Members(tuple(names), whole), self._entries[0])
        if self._apart:
            del self.unavailable[_COMPARABLE]
            yield self._state(_COMPARABLE, False, self._entries[0])
        yield from self._describe_values()
        if self._tuned is not None and self._baseline is not None:
            yield from self._describe_gain(self._tuned, self._baseline)

    def _describe_values(self) -> Iterator[Fact]:
        told = [(path, scored) for path, scored in ((_TUNED, self._tuned), (_BASELINE, self._baseline)) if scored]
        directions = {scored.metric.higher_is_better for _, scored in told}
        if directions == {False}:
            # Without it, what follows from the two is the gain with the wrong sign.
            yield self._state(_LOWER, True, told[0][1].entry)
        for path, scored in told:
            if len(directions) == 1:
                yield self._state(path, scored.metric.value, scored.entry)
            else:
                self.unavailable[path] = f"the results disagree on whether more `{scored.name}` is better"

    def _describe_gain(self, tuned: Scored, baseline: Scored) -> Iterator[Fact]:
        if tuned.metric.higher_is_better != baseline.metric.higher_is_better:
            reason = f"the results disagree on whether more `{tuned.name}` is better"
            self.unavailable |= dict.fromkeys((_GAIN, _LOW, _COMPARABLE), reason)
            return
        gain, low = self._comparer.find_gain(tuned, baseline), self._comparer.find_certain_gain(tuned, baseline)
        yield from self._tell(_GAIN, gain if isfinite(gain) else None, "the gain is too large for a number", tuned)
        yield from self._tell(_LOW, low if low is not None and isfinite(low) else None, _NO_INTERVAL, tuned)
        comparable, reason = self._comparer.compare(tuned, baseline)
        yield from self._tell(_COMPARABLE, comparable, reason, tuned)
        if comparable is False:
            message = f"`{tuned.entry.shown}` and `{baseline.entry.shown}` cannot be compared: {reason}"
            remedy = "evaluate both on the same task, version, number of shots and samples"
            self._problems.append(Problem(message, remedy, tuned.entry.location, level="warning"))

    def _tell(self, path: str, value: Any, reason: str, scored: Scored) -> Iterator[Fact]:
        if value is None:
            self.unavailable[path] = reason
        else:
            yield self._state(path, value, scored.entry)

    def _state(self, path: str, value: Any, entry: Entry) -> Fact:
        source = RUNS if entry.key is not None and entry.key.path == "run" else RESULTS
        origin = "observed" if entry.asked else "declared"
        return Fact(path, value, origin, source, entry.location, entry.result.digest if entry.result else "")
