"""Tree → plain English: what a policy requires, as sentences that say exactly what the tree means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.phrases import PhraseWriter, join_words, settle_negation
from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Leaf, Not, Operand, Quantifier, Some
from policy.model.kinds import COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model.policy import Policy

# The number of entries is always there, so a negated bound is its mirror image.
BOUNDS = {
    "at_least": "at least {}",
    "at_most": "at most {}",
    "more_than": "more than {}",
    "less_than": "less than {}",
    "equals": "{}",
    "not_equals": "not {}",
}
OPPOSITE_BOUNDS = {
    "at_least": "less_than",
    "at_most": "more_than",
    "more_than": "at_most",
    "less_than": "at_least",
    "equals": "not_equals",
    "not_equals": "equals",
}


def describe_policy(policy: Policy, params: Mapping[str, Any]) -> str:
    """When the policy applies, what it requires, and which facts count only with evidence."""
    writer = ProseWriter(params)
    when = "In every case" if policy.when == AllOf() else f"When {writer.say(policy.when)}"
    text = f"{when}: {writer.say(policy.require, must=True)}."
    if policy.observed:
        text += f" Of {join_words(sorted(policy.observed), 'and')}, only what is observed or attested counts."
    return text


def describe_condition(condition: Condition, params: Mapping[str, Any], *, negated: bool = False) -> str:
    """The condition in words, as a statement."""
    return ProseWriter(params).say(condition, negated=negated)


def is_conjunction(condition: AllOf | AnyOf, *, negated: bool) -> bool:
    """Whether every part must hold: a negated `any` says that none of its parts does."""
    return isinstance(condition, AllOf) != negated


def split_parts(condition: AllOf | AnyOf, *, negated: bool = False) -> Iterator[tuple[Condition, bool]]:
    """The parts of a combination and whether each is negated; what is nested in the same sense is taken apart."""
    for item in condition.items:
        part, opposite = item, negated
        while isinstance(part, Not):
            part, opposite = part.item, not opposite
        if isinstance(part, AllOf | AnyOf) and is_conjunction(part, negated=opposite) == is_conjunction(
            condition, negated=negated
        ):
            yield from split_parts(part, negated=opposite)
        else:
            yield part, opposite


class ProseWriter:
    """Says conditions in words; `must` makes a statement a requirement, `negated` says its opposite.

    A negation is carried down to the tests, which Kleene logic allows. `inner` puts several parts in brackets,
    `tight` joins them without commas. What was said is kept, with its condition, so that no other takes its place.
    """

    def __init__(self, params: Mapping[str, Any], *, name_parameters: bool = True) -> None:
        self.phrases = PhraseWriter(params, name_parameters=name_parameters)
        self._said: dict[tuple[int, bool, bool, bool, bool], tuple[Condition, str]] = {}

    def say(
        self,
        condition: Condition,
        *,
        must: bool = False,
        negated: bool = False,
        inner: bool = False,
        tight: bool = False,
    ) -> str:
        key = (id(condition), must, negated, inner, tight)
        kept = self._said.get(key)
        if kept is None:
            text = self._say(condition, must=must, negated=negated, inner=inner, tight=tight)
            kept = self._said[key] = (condition, text)
        return kept[1]

    def _say(self, condition: Condition, *, must: bool, negated: bool, inner: bool, tight: bool) -> str:
        if isinstance(condition, Not):
            return self.say(condition.item, must=must, negated=not negated, inner=inner, tight=tight)
        if isinstance(condition, AllOf | AnyOf):
            return self._combined(condition, must=must, negated=negated, inner=inner, tight=tight)
        if isinstance(condition, Leaf):
            return f"{condition.path} {self.phrases.predicate(condition, must=must, negated=negated)}"
        return self._quantifier(condition, must=must, negated=negated)

    def _combined(self, condition: AllOf | AnyOf, *, must: bool, negated: bool, inner: bool, tight: bool) -> str:
        conjunction = is_conjunction(condition, negated=negated)
        said = self._say_parts(condition, must=must, negated=negated, tight=tight)
        if not said:
            return "nothing more is needed" if conjunction else "nothing can meet this"
        word = "and" if conjunction else "or"
        text = (f" {word} " if tight else f", {word} ").join(said)
        return f"({text})" if inner and len(said) > 1 else text

    def _say_parts(self, condition: AllOf | AnyOf, *, must: bool, negated: bool, tight: bool) -> list[str]:
        parts = list(split_parts(condition, negated=negated))
        stated = [part.path for part, opposite in parts if isinstance(part, Leaf) and is_stated(part, opposite)]
        together = ""
        if len(stated) > 1:
            conjunction = is_conjunction(condition, negated=negated)
            verb = "must be" if must else "are" if conjunction else "is"
            together = f"{join_words(stated, 'and' if conjunction else 'or')} {verb} stated"
        said = []
        for part, opposite in parts:
            if together and isinstance(part, Leaf) and is_stated(part, opposite):
                said.append(together)
            else:
                said.append(self.say(part, must=must, negated=opposite, inner=True, tight=tight))
        return list(dict.fromkeys(said))

    def _quantifier(self, condition: Quantifier, *, must: bool, negated: bool) -> str:
        path, where = condition.path, self.where(condition.where)
        if isinstance(condition, Some):
            return f"{path} {'must hold' if must else 'holds'} {'no' if negated else 'an'} entry{where}"
        if isinstance(condition, Count):
            bounds = self.bounds(condition, negated=negated)
            return f"the number of entries of {path}{where} {'must be' if must else 'is'} {bounds}"
        if negated:
            broken = self.say(condition.require, negated=True, inner=True, tight=True)
            return f"{path} {'must hold' if must else 'holds'} an entry{where} for which {broken}"
        kept = self.say(condition.require, must=must, inner=True)
        return f"in every entry of {path}{where}, {kept}"

    def where(self, condition: Condition) -> str:
        """Which entries are meant, to follow the word `entry`; nothing where all are."""
        return "" if condition == AllOf() else f" where {self.say(condition, tight=True)}"

    def bounds(self, condition: Count, *, negated: bool = False) -> str:
        """How many entries there may be: `at least 1 and at most 3`."""
        said = [self._bound(test, operand, negated=negated) for test, operand in condition.bounds]
        return join_words(said, "or" if negated else "and")

    def _bound(self, test: str, operand: Operand, *, negated: bool) -> str:
        words, name = self.phrases.words(operand, COUNT, test)
        return BOUNDS[OPPOSITE_BOUNDS[test] if negated else test].format(words[0]) + name


def is_stated(leaf: Leaf, negated: bool) -> bool:
    """Whether the leaf, so negated, asks only that its fact is known."""
    return settle_negation(leaf, negated=negated) == (PRESENT, False)
