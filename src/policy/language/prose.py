"""Tree → plain English: what a policy requires, as sentences that say exactly what the tree means."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy.language.phrases import PLAIN, Markup, PhraseWriter, join_words, settle_negation
from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Leaf, Not, Operand, Quantifier, Some
from policy.model.kinds import COUNT
from policy.model.schema import is_expression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.model.policy import Policy

# What is said of some tests, by test and whether it is negated.
Sentences = dict[tuple[Leaf, bool], str]
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
    `tight` joins them without commas. `owner` stands before fields. What was said is kept, with its condition, so
    that no other takes its place.
    """

    def __init__(
        self, params: Mapping[str, Any], *, name_parameters: bool = True, markup: Markup = PLAIN, owner: str = ""
    ) -> None:
        self.phrases = PhraseWriter(params, name_parameters=name_parameters, markup=markup, owner=owner)
        self.name = markup.name
        self.owner = owner
        self._said: dict[tuple[int, bool, bool, bool, bool], tuple[Condition, str]] = {}

    @cached_property
    def of_entry(self) -> ProseWriter:
        """Says what is inside a quantifier: an entry's own fields may be called as the project's are."""
        return self._of("its ")

    @cached_property
    def of_entries(self) -> ProseWriter:
        """As `of_entry`, of several."""
        return self._of("their ")

    def _of(self, owner: str) -> ProseWriter:
        params, named, markup = self.phrases.params, self.phrases.name_parameters, self.phrases.markup
        return ProseWriter(params, name_parameters=named, markup=markup, owner=owner)

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
            if is_expression(condition.path):
                return self._expression(condition, must=must, negated=negated)
            predicate = self.phrases.predicate(condition, must=must, negated=negated)
            return f"{self.owner}{self.name(condition.path)} {predicate}"
        return self._quantifier(condition, must=must, negated=negated)

    def _expression(self, leaf: Leaf, *, must: bool, negated: bool) -> str:
        from policy.language.expression_text import say_expression  # most policies hold none

        return say_expression(leaf, self.name, must=must, negated=negated)

    def _combined(self, condition: AllOf | AnyOf, *, must: bool, negated: bool, inner: bool, tight: bool) -> str:
        conjunction = is_conjunction(condition, negated=negated)
        parts = self.say_parts(condition, must=must, negated=negated, tight=tight)
        said = list(dict.fromkeys(sentence for _, _, sentence in parts))
        if not said:
            return "nothing more is needed" if conjunction else "nothing can meet this"
        word = "and" if conjunction else "or"
        text = (f" {word} " if tight else f", {word} ").join(said)
        return f"({text})" if inner and len(said) > 1 else text

    def say_parts(
        self, condition: AllOf | AnyOf, *, must: bool = False, negated: bool = False, tight: bool = False
    ) -> Iterator[tuple[Condition, bool, str]]:
        """The parts of a combination, whether each is negated, and what is said of it; of some the same."""
        parts = list(split_parts(condition, negated=negated))
        together = self._say_together(parts, conjunction=is_conjunction(condition, negated=negated), must=must)
        for part, opposite in parts:
            if isinstance(part, Leaf) and (part, opposite) in together:
                yield part, opposite, together[part, opposite]
            else:
                yield part, opposite, self.say(part, must=must, negated=opposite, inner=True, tight=tight)

    def _say_together(self, parts: list[tuple[Condition, bool]], *, conjunction: bool, must: bool) -> Sentences:
        """What is said of several tests at once: that facts are stated, and all that one fact must be."""
        leaves = [(part, opposite) for part, opposite in parts if isinstance(part, Leaf)]
        stated = [(leaf, opposite) for leaf, opposite in leaves if is_stated(leaf, opposite)]
        said: Sentences = {}
        if len(stated) > 1:
            verb = "must be" if must else "are" if conjunction else "is"
            names = [self.name(leaf.path) for leaf, _ in stated]
            said = dict.fromkeys(
                stated, f"{self.owner}{join_words(names, 'and' if conjunction else 'or')} {verb} stated"
            )
        if not conjunction:
            return said
        by_path: dict[str, dict[tuple[Leaf, bool], str]] = {}
        for leaf, opposite in leaves:
            text = None if is_expression(leaf.path) else self.phrases.complement(leaf, negated=opposite)
            if text is not None and (leaf, opposite) not in said:
                by_path.setdefault(leaf.path, {})[leaf, opposite] = text
        for path, texts in by_path.items():
            if len(texts) > 1:
                verb = "must be" if must else "is"
                said |= dict.fromkeys(
                    texts, f"{self.owner}{self.name(path)} {verb} {join_words(list(texts.values()), 'and')}"
                )
        return said

    def _quantifier(self, condition: Quantifier, *, must: bool, negated: bool) -> str:
        path, where = self.name(condition.path), self.where(condition.where, several=isinstance(condition, Count))
        if isinstance(condition, Some):
            return f"{path} {'must hold' if must else 'holds'} {'no' if negated else 'an'} entry{where}"
        if isinstance(condition, Count):
            bounds = self.bounds(condition, negated=negated)
            return f"the number of entries of {path}{where} {'must be' if must else 'is'} {bounds}"
        if negated:
            broken = self.of_entry.say(condition.require, negated=True, inner=True, tight=True)
            return f"{path} {'must hold' if must else 'holds'} an entry{where} for which {broken}"
        kept = self.of_entry.say(condition.require, must=must, inner=True)
        return f"for every entry of {path}{where}, {kept}"

    def where(self, condition: Condition, *, several: bool = False) -> str:
        """Which entries are meant, to follow the word `entry`, or `entries` where `several`; nothing where all are."""
        writer = self.of_entries if several else self.of_entry
        return "" if condition == AllOf() else f" where {writer.say(condition, tight=True)}"

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
