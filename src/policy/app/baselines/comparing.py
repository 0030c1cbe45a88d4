"""The findings of a decision held against those that are known: each entry of a baseline covers one finding."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from policy.app.baselines.movement import has_improved, say_movement
from policy.model.baseline import BaselineEntry, Compared, Comparison
from policy.model.gates import EFFECTS, SEVERITIES, VERDICTS, hardest_verdict
from policy.reports.fingerprints import fingerprint_findings, name_project
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from policy.model.baseline import Baseline, Key
    from policy.model.decision import Decision, Outcome, Subject
    from policy.model.schema import Schema
    from policy.reports.fingerprints import KnownFinding

FAILURES = ("fail", "contradiction")


def _never(_: BaselineEntry, __: Subject) -> bool:
    return False


class Index:
    """The entries of a baseline that count at a gate, found without looking through all of them.

    `holds` says of an entry that it is about what is still where it was recorded, and so not about a subject.
    """

    def __init__(self, baseline: Baseline, gate: str, holds: Callable[[BaselineEntry, Subject], bool] = _never) -> None:
        self.entries = [entry for entry in baseline.entries if entry.gate == gate]
        self.room: Counter[BaselineEntry] = Counter(self.entries)
        self._holds = holds
        self._alike: dict[str, list[BaselineEntry]] = {}
        self._related: dict[Key, list[BaselineEntry]] = {}
        # The oldest first, of those that stand for one another.
        for entry in sorted(self.entries, key=lambda entry: (entry.since, entry.values, entry.subject or "")):
            self._alike.setdefault(entry.fingerprint, []).append(entry)
            self._related.setdefault(entry.key, []).append(entry)

    def find_alike(self, fingerprint: str, subject: Subject) -> Iterator[BaselineEntry]:
        """The entries of a finding in a subject: its own before those of what is not there any more."""
        return self._choose(self._alike.get(fingerprint, ()), subject)

    def find_related(self, key: Key, subject: Subject) -> Iterator[BaselineEntry]:
        """The entries that a finding in a subject may have become of, in the same order."""
        return self._choose(self._related.get(key, ()), subject)

    def find_owner(self, fingerprint: str) -> str | None:
        """The file in which a finding with the fingerprint is known, where one is."""
        return next((entry.subject for entry in self._alike.get(fingerprint, ())), None)

    def _choose(self, entries: Sequence[BaselineEntry], subject: Subject) -> Iterator[BaselineEntry]:
        file = name_file(subject)
        yield from (entry for entry in entries if entry.subject == file)
        yield from (entry for entry in entries if entry.subject != file and not self._holds(entry, subject))


class Tally(NamedTuple):
    """What comparing took from a baseline: entries, and the keys of which something is found that none covers.

    `recorded` is what a baseline would hold of these findings, each with its state; `projects` are those that were
    judged as a whole.
    """

    taken: Counter[BaselineEntry]
    missed: set[Key]
    recorded: list[tuple[BaselineEntry, str]]
    projects: set[str]


class Comparer:
    """Compares one decision after the other; what an entry covers once it does not cover again.

    `taken` is what was covered before. With a day `recording` it notes what a baseline of that day would hold.
    """

    def __init__(
        self, index: Index, schema: Schema, taken: Counter[BaselineEntry] | None = None, recording: date | None = None
    ) -> None:
        self.index = index
        self.schema = schema
        self.recording = recording
        self.tally = Tally(Counter(), set(), [], set())
        self._taken: Counter[BaselineEntry] = taken or Counter()

    def compare(self, decision: Decision) -> Decision:
        """The decision with how its findings compare; everything else in it stays what it is."""
        outcomes = {outcome.policy: outcome for outcome in decision.outcomes}
        findings = list(list_recordable(decision))
        project, traits = name_project(decision), decision.traits
        for finding in fingerprint_findings(decision):
            if not is_recordable(finding):
                # Of what is waived, or for the time being unknown, nothing is fixed.
                self.tally.missed.add((finding.policy, project, traits))
        # What is the same comes before what may have become it.
        exact = [self._take_same(finding, decision) for finding in findings]
        compared = tuple(
            same or self._compare(finding, decision, outcomes.get(finding.policy))
            for same, finding in zip(exact, findings, strict=True)
        )
        if self.recording is not None:
            entries = (make_entry(*pair, decision, self.recording) for pair in zip(findings, compared, strict=True))
            self.tally.recorded.extend(zip(entries, (found.state for found in compared), strict=True))
        return decision._replace(baseline=Compared(find_verdict(decision, compared), compared))

    def _take_same(self, finding: KnownFinding, decision: Decision) -> Comparison | None:
        for entry in self.index.find_alike(finding.fingerprint, decision.subject):
            if covers(entry, finding) and self._take(entry):
                return Comparison(finding.policy, finding.fingerprint, "known", entry.since)
        return None

    def _compare(self, finding: KnownFinding, decision: Decision, outcome: Outcome | None) -> Comparison:
        """A finding that is not one of those that are known."""
        key = (finding.policy, name_project(decision), decision.traits)
        related = list(self.index.find_related(key, decision.subject))
        because = outcome.because if outcome is not None else ()
        for entry in related:
            alike = entry.outcome == finding.outcome == "fail" or entry.outcome == finding.outcome == "unknown"
            if not (alike and covers(entry, finding)) or entry.fingerprint == finding.fingerprint:
                continue
            if has_improved(entry.values, finding.values, because, self.schema) and self._take(entry):
                said = say_movement(entry.values, finding.values)
                return Comparison(finding.policy, finding.fingerprint, "improved", entry.since, said)
        self.tally.missed.add(key)
        state, note = explain_difference(finding, related)
        if not related and (known := self.index.find_owner(finding.fingerprint)):
            note = f"the baseline knows it of {known}"
        return Comparison(finding.policy, finding.fingerprint, state, None, note)

    def _take(self, entry: BaselineEntry) -> bool:
        if self.index.room[entry] <= self._taken[entry] + self.tally.taken[entry]:
            return False
        self.tally.taken[entry] += 1
        return True


def list_recordable(decision: Decision) -> Iterator[KnownFinding]:
    """The findings that reports show and no waiver takes care of, in their order."""
    return filter(is_recordable, fingerprint_findings(decision))


def is_recordable(finding: KnownFinding) -> bool:
    """Whether a baseline can know it; an unknown outcome that does no more than advise is no finding."""
    return not finding.waived and (finding.outcome != "unknown" or finding.effect in EFFECTS[1:])


def make_entry(finding: KnownFinding, found: Comparison, decision: Decision, today: date) -> BaselineEntry:
    """The entry of a finding, known since today unless it was before."""
    return BaselineEntry(
        finding.policy,
        name_project(decision),
        name_file(decision.subject),
        decision.gate,
        finding.outcome,
        finding.effect,
        finding.severity,
        decision.traits,
        finding.values,
        finding.fingerprint,
        found.since or today,
    )


def name_file(subject: Subject) -> str | None:
    """The file that an entry names of a subject."""
    return subject.training_config or subject.manifest


def covers(entry: BaselineEntry, finding: KnownFinding) -> bool:
    """Whether the finding does no more than what is known did: neither its effect nor its severity is harder."""
    return _rank(finding.effect, EFFECTS) <= _rank(entry.effect, EFFECTS) and (
        _rank(finding.severity, SEVERITIES) <= _rank(entry.severity, SEVERITIES)
    )


def find_verdict(decision: Decision, compared: tuple[Comparison, ...]) -> str:
    """The verdict of the outcomes that are not covered; never harder than the decision's own."""
    covered = {found.policy for found in compared if found.is_covered}
    rest = hardest_verdict([outcome.effect for outcome in decision.outcomes if outcome.policy not in covered])
    return min(rest, decision.verdict, key=VERDICTS.index)


def explain_difference(finding: KnownFinding, related: list[BaselineEntry]) -> tuple[str, str]:
    """Whether it is new or worse than what was known, and how it differs from that; `related` share its key."""
    same = [entry for entry in related if entry.fingerprint == finding.fingerprint]
    if same:
        harder = [*_say_harder(same[-1], finding)] if not any(covers(entry, finding) for entry in same) else []
        return "new", " and ".join(harder) or "there is one more than the baseline holds"
    if finding.policy in (entry.policy for entry in related if entry.outcome == finding.outcome):
        before = next(entry for entry in related if entry.outcome == finding.outcome)
        said = [say_movement(before.values, finding.values), *_say_harder(before, finding)]
        return "worsened", "; ".join(filter(None, said))
    if not related:
        return "new", ""
    # What was not known and now fails is worse; what failed and now cannot be told is another finding.
    state = "worsened" if finding.outcome in FAILURES else "new"
    return state, f"it was {_say_outcome(related[0].outcome)}, and is {_say_outcome(finding.outcome)}"


def _say_harder(entry: BaselineEntry, finding: KnownFinding) -> Iterator[str]:
    effects = ("effect", entry.effect, finding.effect, EFFECTS)
    severities = ("severity", entry.severity, finding.severity, SEVERITIES)
    for word, before, now, order in (effects, severities):
        if _rank(now, order) > _rank(before, order):
            yield f"its {word} was {before or 'none'}, and is {now}"


def _say_outcome(outcome: str) -> str:
    return {"fail": "a failure", "error": "an error"}.get(outcome, outcome)


def _rank(word: str | None, order: tuple[str, ...]) -> int:
    return order.index(word) if word in order else -1
