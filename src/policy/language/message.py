"""Why a policy failed or could not be judged, in one sentence: what was found, and what is required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.ground import count_entries
from policy.language.phrases import count_words, join_words, settle_negation
from policy.language.prose import ProseWriter, is_conjunction, split_parts
from policy.language.vocabulary import PRESENT
from policy.model.condition import All, Any_, Condition, Count, Each, FieldValue, Leaf, Not, Quantifier, Some
from policy.model.fact import ABSENT, Members
from policy.model.kinds import Kind, ListKind

if TYPE_CHECKING:
    from policy.language.ground import Entry, Ground
    from policy.model.fact import Fact

# More entries than these are counted, not named.
NAMED_ENTRIES = 3


class MessageWriter:
    """Says why a condition, or its opposite where `negated`, is not met."""

    def __init__(self, prose: ProseWriter) -> None:
        self.prose = prose

    def explain(self, condition: Condition, ground: Ground, *, negated: bool = False) -> str:
        """What was found and what is required; of parts that must all be met, those that are not."""
        if isinstance(condition, Not):
            return self.explain(condition.item, ground, negated=not negated)
        if isinstance(condition, All | Any_):
            parts = list(split_parts(condition, negated=negated))
            if is_conjunction(condition, negated=negated) or len(parts) == 1:
                unmet = _find_unmet(parts, ground)
                return "; ".join(dict.fromkeys(self.explain(part, ground, negated=no) for part, no in unmet))
            said = dict.fromkeys(self._offer(part, ground, negated=no) for part, no in parts)
            return ", or ".join(said) or "nothing can meet this"
        if isinstance(condition, Leaf):
            return self._leaf(condition, ground, negated=negated)
        return self._quantifier(condition, ground, negated=negated)

    def _offer(self, condition: Condition, ground: Ground, *, negated: bool) -> str:
        """One of several ways to meet a policy: what must be, and what was found instead."""
        if isinstance(condition, All | Any_):
            unmet = _find_unmet(list(split_parts(condition, negated=negated)), ground)
            said = [self._offer(part, ground, negated=opposite) for part, opposite in unmet]
            return said[0] if len(said) == 1 else f"({', and '.join(said)})"
        required = self.prose.say(condition, must=True, negated=negated)
        if isinstance(condition, Leaf):
            return f"{required} ({self._find(condition, ground)})"
        assert isinstance(condition, Some | Each | Count)  # noqa: S101 - for the type checker: nothing else is left
        return f"{required} ({self._find_entries(condition, ground, negated=negated)})"

    # One test on one fact

    def _leaf(self, leaf: Leaf, ground: Ground, *, negated: bool) -> str:
        path, fact = leaf.path, ground.facts.get(leaf.path)
        noun = self.prose.phrases.noun(leaf, negated=negated)
        required = f"{noun} is required" if noun else f"and {self.prose.phrases.predicate(leaf, must=True, negated=negated)}"
        if settle_negation(leaf, negated=negated) == (PRESENT, False) and path not in ground.unproven:
            required = "and must be"
        return f"{path} {_say_found(leaf, fact, ground)}, {required}{_say_other(leaf, ground)}"

    def _find(self, leaf: Leaf, ground: Ground) -> str:
        return f"it {_say_found(leaf, ground.facts.get(leaf.path), ground)}{_say_other(leaf, ground)}"

    # Lists of records

    def _quantifier(self, quantifier: Quantifier, ground: Ground, *, negated: bool) -> str:
        path, fact = quantifier.path, ground.facts.get(quantifier.path)
        required = self.prose.say(quantifier, must=True, negated=negated)
        if fact is None or fact.value is ABSENT:
            return f"{path} {_say_known(path, fact, ground)}, and {required.removeprefix(path + ' ')}"
        if isinstance(quantifier, Each) and not negated:
            broken = find_broken(quantifier, ground)
            if broken:
                return self._say_broken(quantifier, broken)
        if isinstance(quantifier, Count):
            counted = f"the number of entries of {path}{self.prose.where(quantifier.where)}"
            bounds = self.prose.bounds(quantifier, negated=negated)
            return f"{counted} is {_say_count(quantifier, ground)} ({fact.origin}), {bounds} is required"
        found = self._find_entries(quantifier, ground, negated=negated)
        if isinstance(quantifier, Some) and not negated:
            return f"{path} {found}"
        return f"{path} {found}, and {required.removeprefix(path + ' ')}"

    def _find_entries(self, quantifier: Quantifier, ground: Ground, *, negated: bool) -> str:
        fact = ground.facts.get(quantifier.path)
        if fact is None or fact.value is ABSENT:
            return _say_known(quantifier.path, fact, ground)
        if isinstance(quantifier, Count):
            return f"it is {_say_count(quantifier, ground)}, {fact.origin}"
        entries = ground.entries(quantifier.path)
        where = self.prose.where(quantifier.where)
        many = f"holds {count_words(len(entries), 'entry')} ({fact.origin})" if entries else f"holds no entries ({fact.origin})"
        if isinstance(quantifier, Some) and negated:
            found = [entry for entry in entries if entry.ground.holds(quantifier.where)]
            return f"holds {name_entries(found)} ({fact.origin})" if found else f"{many}, which leaves open whether it holds one{where}"
        if isinstance(quantifier, Each):
            return many if fact.value.complete else f"{many} and may hold more"
        if ground.holds(quantifier) is None:
            return f"{many}, which leaves open whether it holds one{where}"
        return f"{many}, but none{where}" if entries else f"{many}, one{where} is required"

    def _say_broken(self, quantifier: Each, broken: list[Entry]) -> str:
        first, others = broken[0], len(broken) - 1
        also = f"; so it is with {count_words(others, 'other entry')}" if others else ""
        perhaps = " may be meant" if first.ground.holds(quantifier.where) is None else ""
        return f"{first.name} in {quantifier.path}{perhaps}: {self.explain(quantifier.require, first.ground)}{also}"


def _find_unmet(parts: list[tuple[Condition, bool]], ground: Ground) -> list[tuple[Condition, bool]]:
    """The parts that keep a combination from being met: the false ones, or the unknown ones where none is."""
    results = [ground.holds(part, negated=opposite) for part, opposite in parts]
    wanted = False if False in results else None
    return [part for part, result in zip(parts, results, strict=True) if result is wanted]


def find_broken(quantifier: Each, ground: Ground) -> list[Entry]:
    """The entries that break an `each`; where none does for sure, those that may."""
    unmet = Any_((Not(quantifier.where), quantifier.require))
    results = [(entry, entry.ground.holds(unmet)) for entry in ground.entries(quantifier.path)]
    broken = [entry for entry, result in results if result is False]
    return broken or [entry for entry, result in results if result is None]


def name_entries(entries: list[Entry]) -> str:
    """`a.json, b.json and 2 more`."""
    names = [entry.name for entry in entries[:NAMED_ENTRIES]]
    more = len(entries) - len(names)
    return join_words([*names, f"{more} more"] if more else names, "and")


def _say_known(path: str, fact: Fact | None, ground: Ground) -> str:
    if fact is not None:
        return f"is not set ({fact.origin})"
    unproven = ground.unproven.get(path)
    if unproven is not None:
        said = say_value(ground.fields[path].kind, unproven.value)
        return f"is not observed ({said} is only {unproven.origin})"
    reason = ground.unavailable.get(path)
    return f"is not known ({reason})" if reason else "is not known"


def _say_found(leaf: Leaf, fact: Fact | None, ground: Ground) -> str:
    if leaf.test == PRESENT and fact is not None and fact.value is not ABSENT:
        return f"is stated ({fact.origin})"
    if leaf.test == PRESENT and fact is None and leaf.path not in {*ground.unproven, *ground.unavailable}:
        return "is not stated"
    if fact is None or fact.value is ABSENT:
        return _say_known(leaf.path, fact, ground)
    return f"is {say_value(ground.fields[leaf.path].kind, fact.value)} ({fact.origin})"


def _say_other(leaf: Leaf, ground: Ground) -> str:
    """What the other field is, where a test compares two."""
    if not isinstance(leaf.operand, FieldValue):
        return ""
    path = leaf.operand.path
    fact = ground.facts.get(path)
    if fact is None or fact.value is ABSENT:
        return f" ({path} {_say_known(path, fact, ground)})"
    return f" ({path} is {say_value(ground.fields[path].kind, fact.value)})"


def _say_count(quantifier: Count, ground: Ground) -> str:
    known, possible = count_entries(quantifier, ground)
    if possible is None:
        return f"{known} or more"
    return str(known) if known == possible else f"between {known} and {possible}"


def say_value(kind: Kind, value: Any) -> str:
    """A value that was found, in words."""
    if value is ABSENT:
        return "not set"
    if not isinstance(value, Members):
        return kind.say(value)
    if isinstance(kind, ListKind):
        return join_words([kind.of.say(item) for item in value.items], "and") if value.items else "empty"
    return count_words(len(value.items), "entry")
