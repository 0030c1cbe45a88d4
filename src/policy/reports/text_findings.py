"""One finding as text: level, policy and message, the quoted line, and what to do instead."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.reports.colour import paint
from policy.reports.findings import find_alternatives, say_wanted
from policy.reports.layout import WIDTH, clean, join_names, wrap
from policy.source.display import hide_logins, measure_width
from policy.source.excerpt import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location
    from policy.model.baseline import Comparison
    from policy.model.decision import ContradictionNote, Outcome, Reason
    from policy.reports.findings import Finding
    from policy.reports.reporter import ReportContext

LEVEL_STYLES = {"block": "red", "hold": "yellow", "flag": "yellow", "advise": "blue", "contradiction": "yellow"}
# More places than these would hide the first; the message names them all.
SHOWN_PLACES = 3
KEPT = 1024
CATALOGUE = ("catalogue/", "catalogue:")


class FindingWriter:
    """Writes findings as lines."""

    def __init__(self, context: ReportContext) -> None:
        self.context = context

    def write(self, finding: Finding) -> Iterator[str]:
        """A finding: message, places, rule, notes, and what to do."""
        outcome = finding.outcome
        yield from self._headline(finding.level, f"[{outcome.policy}]", outcome.message)
        if not (finding.is_passed or finding.is_known):
            yield from self._places(outcome, finding.level)
        yield from self._compare(finding.comparison)
        yield from self._title(outcome)
        yield from self._notes(outcome)
        known = finding.is_known or finding.is_passed
        if not known and (outcome.outcome == "fail" or self._asks_for_more(outcome)):
            yield from self._advice(outcome)
        if outcome.outcome != "waived":
            yield from self._entry("more", f"policy explain {outcome.policy}")

    def write_brief(self, findings: Sequence[Finding]) -> Iterator[str]:
        """Policies that flag because they could not be judged, by level; what each lacks stands further down."""
        levels = dict.fromkeys(finding.level for finding in findings)
        for level in levels:
            names = [finding.outcome.policy for finding in findings if finding.level == level]
            yield from self._headline(level, "", f"cannot be judged yet: {join_names(names, len(names))}")
        for since in dict.fromkeys(finding.comparison and finding.comparison.bare for finding in findings):
            yield from self._compare(since)
        for note in dict.fromkeys(finding.outcome.note for finding in findings if finding.outcome.note):
            held_back = {finding.outcome.would_be for finding in findings if finding.outcome.note == note}
            would = f"would {join_names(sorted(filter(None, held_back)), 2)}: " if any(held_back) else ""
            yield from self._entry("note", f"{would}{note}")

    def write_contradiction(self, found: ContradictionNote, comparison: Comparison | None = None) -> Iterator[str]:
        """A claim that evidence speaks against, with both places unless it is known."""
        is_known = comparison is not None and comparison.is_covered
        yield from self._headline("known contradiction" if is_known else "contradiction", "", found.message)
        yield from self._compare(comparison)
        if is_known:
            return
        for place, value in ((found.declared_at, found.declared), (found.observed_at, found.observed)):
            if place:
                yield from self._excerpt(place, f"says {value}", "contradiction")
        yield from self._entry("help", f"correct the manifest, or what {found.source or 'the evidence'} shows")

    def _compare(self, comparison: Comparison | None) -> Iterator[str]:
        """How a finding compares with the baseline."""
        if comparison is not None:
            from policy.reports.known import say_comparison  # most runs have no baseline

            said = say_comparison(comparison)
            yield from self._entry("note", said) if said else ()

    def _headline(self, level: str, policy: str, message: str) -> Iterator[str]:
        tag = f"{level}{policy}:"
        first, *others = wrap(f"{tag} {clean(message)}", "  ", "    ")
        style = "dim" if level.startswith("known ") else LEVEL_STYLES.get(level, "bold")
        painted = paint(tag, style, colour=self.context.colour)
        yield first.replace(tag, painted, 1)
        yield from others

    def _places(self, outcome: Outcome, level: str) -> Iterator[str]:
        """Each place that decided, quoted with what the policy asks for there."""
        alternatives = find_alternatives(self.context.policies.get(outcome.policy))
        wanted: dict[Location, str] = {}
        for reason in outcome.because:
            if reason.location and reason.result != "true":
                label = say_wanted(reason, alternative=reason.required_at in alternatives)
                wanted.setdefault(reason.location, label)
        for place in list(wanted)[:SHOWN_PLACES]:
            yield from self._excerpt(place, wanted[place], level)
        if not wanted and outcome.outcome != "unknown" and outcome.location:
            yield from self._excerpt(outcome.location, "", level)

    def _excerpt(self, place: Location, label: str, level: str) -> Iterator[str]:
        """Where it is, and the line with a caret; a file as a whole, or one that cannot be read, only by its name."""
        source, label = self.context.read_source(place.file) if place.end_line else None, hide_logins(label)
        position = f":{place.line}:{place.column}" if place.end_line else ""
        said = f" ({label})" if label and source is None else ""
        first, *others = wrap(f"--> {clean(self.context.show_path(place.file) + position + said)}", "   ", "       ")
        yield first.replace("-->", self._dim("-->"), 1)
        yield from others
        if source is not None:
            yield from self._quote(source, place, clean(label), LEVEL_STYLES.get(level, "bold"))

    def _quote(self, source: str, place: Location, label: str, style: str) -> Iterator[str]:
        line, underline = quote(source, place).split("\n")
        yield f"    {line}"
        gutter, _, carets = underline.partition("|")
        indent = carets[: len(carets) - len(carets.lstrip())]
        beside = measure_width(f"    {underline} {label}") <= WIDTH
        marked = f"{carets.strip()} {label}" if label and beside else carets.strip()
        yield f"    {gutter}|{indent}{paint(marked, style, colour=self.context.colour)}"
        if not beside:
            yield from wrap(label, f"    {gutter}| ")

    def _title(self, outcome: Outcome) -> Iterator[str]:
        """The policy's title, and where it stands unless the catalogue holds it."""
        policy = self.context.policies.get(outcome.policy)
        title = clean(policy.title) if policy else outcome.policy
        required = next((reason.required_at for reason in outcome.because if reason.required_at), None)
        required = required or (policy.location if policy else None)
        where = ""
        if required and not required.file.startswith(CATALOGUE):
            where = f", required by {clean(self.context.show_path(required.file))}:{required.line}:{required.column}"
        yield from self._entry("note", f"{title} ({outcome.severity}){where}")

    def _notes(self, outcome: Outcome) -> Iterator[str]:
        for source in dict.fromkeys(say_source(reason) for reason in outcome.because):
            if source:
                yield from self._entry("note", source)
        if outcome.note:
            told = outcome.outcome != "waived" and not outcome.effect
            held_back = f"would {outcome.would_be}: " if outcome.would_be and not told else ""
            yield from self._entry("note", f"{held_back}{outcome.note}")

    def _asks_for_more(self, outcome: Outcome) -> bool:
        """Whether saying nothing is itself what the policy objects to, so that its remedy holds for an unknown, too."""
        policy = self.context.policies.get(outcome.policy)
        return outcome.outcome == "unknown" and policy is not None and policy.on_unknown == "same"

    def _advice(self, outcome: Outcome) -> Iterator[str]:
        if outcome.fix:
            yield from self._entry("help", outcome.fix)
        if outcome.instead:
            yield from self._entry("instead", ", ".join(outcome.instead))

    def _entry(self, word: str, text: str) -> Iterator[str]:
        first, *others = _fold(text, " " * (len(word) + 6))
        yield f"    {self._dim(f'{word}:')} {first}"
        yield from others

    def _dim(self, text: str) -> str:
        return paint(text, "dim", colour=self.context.colour)


@lru_cache(maxsize=KEPT)
def _fold(text: str, indent: str) -> tuple[str, ...]:
    """The lines of an entry, the first without its indent; titles and remedies come back with every project."""
    first, *others = wrap(clean(text), indent)
    return first[len(indent) :], *others


def say_source(reason: Reason) -> str:
    """Where a fact is from, where the quoted place does not tell."""
    if reason.actual is None or not reason.source or (reason.location and reason.location.file == reason.source):
        return ""
    return f"{reason.field} {'is' if reason.source.startswith('derived') else 'comes from'} {reason.source}"
