"""Why a policy failed or could not be judged, in one sentence: what was found, and what is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.found import name_entries, say_count, say_entries, say_found, say_known, say_other
from policy.language.ground import find_broken
from policy.language.phrases import count_words, settle_negation
from policy.language.prose import ProseWriter, is_conjunction, split_parts
from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, Leaf, Not, Quantifier, Some
from policy.model.fact import ABSENT
from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.language.ground import Entry, Ground
    from policy.model.fact import Fact

Part = tuple[Condition, bool]


class MessageWriter:
    """Says why a condition, or its opposite where `negated`, is not met."""

    def __init__(self, prose: ProseWriter) -> None:
        self.prose = prose

    def explain(self, condition: Condition, ground: Ground, *, negated: bool = False) -> str:
        """What was found and what is required; of parts that must all be met, those that are not."""
        if isinstance(condition, Not):
            return self.explain(condition.item, ground, negated=not negated)
        if isinstance(condition, Leaf):
            return self._leaf(condition, ground, negated=negated)
        if not isinstance(condition, AllOf | AnyOf):
            return self._quantifier(condition, ground, negated=negated)
        parts = list(split_parts(condition, negated=negated))
        if is_conjunction(condition, negated=negated) or len(parts) == 1:
            unmet = find_unmet(parts, ground)
            return "; ".join(dict.fromkeys(self.explain(part, ground, negated=no) for part, no in unmet))
        return self._offer(condition, ground, negated=negated)

    def _offer(self, condition: Condition, ground: Ground, *, negated: bool) -> str:
        """One of several ways to meet a policy: what must be, and in brackets what is."""
        if isinstance(condition, Leaf):
            if is_expression(condition.path):
                from policy.language.expression_text import offer_expression  # most policies hold none

                return offer_expression(condition, ground, negated=negated)
            found = say_found(condition, ground, nested=True) + say_other(condition, ground, nested=True)
        elif isinstance(condition, AllOf | AnyOf):
            return self._offer_parts(condition, ground, negated=negated)
        elif isinstance(condition, Some | Each | Count):
            found = self._find_entries(condition, ground)
        return f"{self.prose.say(condition, must=True, negated=negated)} (it {found})"

    def _offer_parts(self, condition: AllOf | AnyOf, ground: Ground, *, negated: bool) -> str:
        parts = list(split_parts(condition, negated=negated))
        if is_conjunction(condition, negated=negated):
            said = [self._offer(part, ground, negated=no) for part, no in find_unmet(parts, ground, unknown=True)]
            return said[0] if len(said) == 1 else f"({', and '.join(said)})"
        return ", or ".join(dict.fromkeys(self._offer(part, ground, negated=no) for part, no in parts))

    def _leaf(self, leaf: Leaf, ground: Ground, *, negated: bool) -> str:
        if is_expression(leaf.path):
            from policy.language.expression_text import explain_expression  # most policies hold none

            return explain_expression(leaf, ground, negated=negated)
        noun = self.prose.phrases.noun(leaf, negated=negated)
        found = f"{leaf.path} {say_found(leaf, ground)}"
        if settle_negation(leaf, negated=negated) == (PRESENT, False) and found.endswith("stated"):
            return f"{found}, and must be"
        required = f"{noun} is required" if noun else f"and {self._must(leaf, negated=negated)}"
        return f"{found}, {required}{say_other(leaf, ground)}"

    def _must(self, condition: Leaf | Quantifier, *, negated: bool) -> str:
        """What must be, without the name that a sentence has already given."""
        return self.prose.say(condition, must=True, negated=negated).removeprefix(f"{condition.path} ")

    def _quantifier(self, quantifier: Quantifier, ground: Ground, *, negated: bool) -> str:
        path, fact = quantifier.path, ground.facts.get(quantifier.path)
        if fact is None or fact.value is ABSENT:
            return f"{path} {say_known(path, ground)}, and {self._must(quantifier, negated=negated)}"
        if isinstance(quantifier, Count):
            return self._count(quantifier, fact, ground, negated=negated)
        if isinstance(quantifier, Some):
            return self._some(quantifier, fact, ground, negated=negated)
        broken = [] if negated else find_broken(quantifier, ground)
        if broken:
            return self._say_broken(quantifier, broken)
        more = "" if fact.value.complete else " and may hold more"
        return f"{path} {say_entries(quantifier, fact, ground)}{more}, and {self._must(quantifier, negated=negated)}"

    def _count(self, quantifier: Count, fact: Fact, ground: Ground, *, negated: bool) -> str:
        counted = f"the number of entries of {quantifier.path}{self.prose.where(quantifier.where, several=True)}"
        required = f"{self.prose.bounds(quantifier, negated=negated)} is required"
        return f"{counted} is {say_count(quantifier, ground)} ({fact.origin}), {required}"

    def _some(self, quantifier: Some, fact: Fact, ground: Ground, *, negated: bool) -> str:
        found, where = say_entries(quantifier, fact, ground), self.prose.where(quantifier.where)
        if ground.holds(quantifier) is None:
            open_ = f"{quantifier.path} {found}, which leaves open whether it holds one{where}"
            return f"{open_}, and it must hold none" if negated else open_
        if negated:
            meant = [entry for entry in ground.entries(quantifier.path) if entry.ground.holds(quantifier.where)]
            return f"{quantifier.path} holds {name_entries(meant)} ({fact.origin}), and must hold no entry{where}"
        known = ground.entries(quantifier.path)
        return f"{quantifier.path} {found}, {'but none' if known else 'and must hold one'}{where}"

    def _find_entries(self, quantifier: Quantifier, ground: Ground) -> str:
        fact = ground.facts.get(quantifier.path)
        if fact is None or fact.value is ABSENT:
            return say_known(quantifier.path, ground, nested=True)
        if isinstance(quantifier, Count):
            return f"is {say_count(quantifier, ground)}, {fact.origin}"
        return say_entries(quantifier, fact, ground, nested=True)

    def _say_broken(self, quantifier: Each, broken: list[Entry]) -> str:
        first, others = broken[0], len(broken) - 1
        also = f"; so it is with {count_words(others, 'other entry')}" if others else ""
        perhaps = " may be meant" if first.ground.holds(quantifier.where) is None else ""
        return f"{first.name} in {quantifier.path}{perhaps}: {self.explain(quantifier.require, first.ground)}{also}"


def find_unmet(parts: list[Part], ground: Ground, *, unknown: bool = False) -> list[Part]:
    """The parts that keep a conjunction from being met: the false ones, or where none is (or so asked) the unknown.

    Where a fact must be stated and must be something, only the latter is given: stating it would not be enough.
    """
    results = [ground.holds(part, negated=no) for part, no in parts]
    wanted = {False, None} if unknown or False not in results else {False}
    unmet = [part for part, result in zip(parts, results, strict=True) if result in wanted]
    open_tests = {
        part.path: (part, no)
        for (part, no), result in zip(parts, results, strict=True)
        if result is None and isinstance(part, Leaf) and part.test != PRESENT
    }
    return list(dict.fromkeys(_stand_in(part, open_tests) for part in unmet)) if open_tests else unmet


def _stand_in(part: Part, open_tests: Mapping[str, Part]) -> Part:
    leaf, negated = part
    if isinstance(leaf, Leaf) and settle_negation(leaf, negated=negated) == (PRESENT, False):
        return open_tests.get(leaf.path, part)
    return part
