"""One test in words: its value, and the verb phrase that follows the field's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.vocabulary import OPPOSITES, PRESENT, SEVERAL
from policy.model.condition import FieldValue, Leaf, Literal, Operand, Parameter
from policy.model.kinds import DURATION, DateKind, Kind, ListKind
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.model.policy import Policy

SIZES = {
    "at_least": "at least {}",
    "at_most": "at most {}",
    "more_than": "more than {}",
    "less_than": "less than {}",
}
DATES = {
    "at_least": "on or after {}",
    "at_most": "on or before {}",
    "more_than": "later than {}",
    "less_than": "earlier than {}",
}
# A value that is not there meets neither a test nor its mirror image: "not 5 or more" is not "less than 5".
NEGATED_SIZES = {**SIZES, "at_least": "{} or more", "at_most": "{} or less"}
# Verbs of the tests that say what a value does; all others say what it is. Plain form and third person.
VERBS = {
    "contains": ("contain", "contains"),
    "contains_any": ("contain", "contains"),
    "starts_with": ("start with", "starts with"),
    "ends_with": ("end with", "ends with"),
    "matches": ("match", "matches"),
}
EMPTY = "one of an empty list{}"


def settle_negation(leaf: Leaf, *, negated: bool) -> tuple[str, bool]:
    """The test as its positive form, and whether it is negated: `none_of` is a negated `one_of`."""
    if leaf.test in OPPOSITES:
        return OPPOSITES[leaf.test], not negated
    if leaf.test == PRESENT and isinstance(leaf.operand, Literal) and not leaf.operand.value:
        return PRESENT, not negated
    return leaf.test, negated


class Markup(NamedTuple):
    """How names (of fields, of parameters), values and among these free texts are written inside a sentence."""

    name: Callable[[str], str] = str
    value: Callable[[str], str] = str
    text: Callable[[str], str] = str


PLAIN = Markup()


class PhraseWriter:
    """Says tests in words; `name_parameters` puts a parameter's name behind its value.

    `owner` stands before fields: `its ` where they are those of an entry.
    """

    def __init__(
        self, params: Mapping[str, Any], *, name_parameters: bool = True, markup: Markup = PLAIN, owner: str = ""
    ) -> None:
        self.params = params
        self.name_parameters = name_parameters
        self.markup = markup
        self.owner = owner

    def predicate(self, leaf: Leaf, *, must: bool = False, negated: bool = False) -> str:
        """What the field is or does, or must be or do: `is at least 30 days`, `must not contain style`."""
        test, negated = settle_negation(leaf, negated=negated)
        if test in VERBS:
            return self._verb(leaf, test, must=must, negated=negated)
        complement, negated = self._complement(leaf, test, negated=negated)
        if must:
            return f"must {'not ' if negated else ''}be {complement}"
        return f"is {'not ' if negated else ''}{complement}"

    def noun(self, leaf: Leaf, *, negated: bool = False) -> str | None:
        """What goes before `is required`: `at least 30 days`; None where only a verb can say it."""
        test, negated = settle_negation(leaf, negated=negated)
        if test in VERBS or test == PRESENT or negated:
            return None
        return self._complement(leaf, test, negated=False)[0]

    def complement(self, leaf: Leaf, *, negated: bool = False) -> str | None:
        """What follows `is` or `must be` and can be followed by `and`; None where that would be misread."""
        test, negated = settle_negation(leaf, negated=negated)
        if test in VERBS or negated:
            return None
        text = self._complement(leaf, test, negated=False)[0]
        return None if " or " in text or ", " in text else text

    def _verb(self, leaf: Leaf, test: str, *, must: bool, negated: bool) -> str:
        plain, third = VERBS[test]
        value, negated = self._object(leaf, test, negated=negated)
        if must:
            return f"must {'not ' if negated else ''}{plain} {value}"
        return f"does not {plain} {value}" if negated else f"{third} {value}"

    def _object(self, leaf: Leaf, test: str, *, negated: bool) -> tuple[str, bool]:
        words, name = self.words(leaf.operand, leaf.kind, leaf.test)
        if test == "contains_any" and not words:
            return EMPTY.format(name), negated
        if len(words) > 1:
            # "contains none of" carries the negation itself.
            return f"{'none' if negated else 'at least one'} of {join_words(words, 'and')}{name}", False
        if isinstance(leaf.operand, FieldValue):
            return f"the value of {words[0]}", negated
        quote = "" if isinstance(leaf.kind, ListKind) or self.markup.text is not str else '"'
        return f"{quote}{words[0]}{quote}{name}", negated

    def _complement(self, leaf: Leaf, test: str, *, negated: bool) -> tuple[str, bool]:
        if test == PRESENT:
            return "stated", negated
        words, name = self.words(leaf.operand, leaf.kind, leaf.test)
        if test in SIZES:
            plain = NEGATED_SIZES if negated else SIZES
            pattern = (DATES if isinstance(leaf.kind, DateKind) else plain)[test]
            return pattern.format(words[0] + name), negated
        if isinstance(leaf.operand, FieldValue):
            return f"the same as {words[0]}", negated
        if not words:
            return EMPTY.format(name), negated
        if negated and len(words) > 1:
            # "neither … nor" carries the negation itself.
            several = " nor ".join(words) if len(words) == 2 else join_words(words, "and")
            return f"{'neither' if len(words) == 2 else 'none of'} {several}{name}", False
        return join_words(words) + name, negated

    def words(self, operand: Operand, kind: Kind, test: str) -> tuple[list[str], str]:
        """The right side of a test as a list of words, and the parameter's name in brackets where it is shown."""
        single = kind.of if isinstance(kind, ListKind) else kind
        if isinstance(operand, Literal):
            return self._mark(say_values(operand.value, single, test), single), ""
        if isinstance(operand, FieldValue):
            return [self.owner + self.markup.name(operand.path)], ""
        if isinstance(operand, Parameter):
            if operand.name not in self.params:
                return [say_unset(self.markup.name(operand.name), several=test in SEVERAL)], ""
            return self._mark(say_values(self.params[operand.name], single, test), single), self._name(operand)
        return [self._day(operand.offset)], ""

    def _mark(self, values: list[str], kind: Kind) -> list[str]:
        mark = self.markup.text if kind.textual else self.markup.value
        return [mark(value) for value in values]

    def _name(self, operand: Operand) -> str:
        if not self.name_parameters or not isinstance(operand, Parameter):
            return ""
        return f" ({self.markup.name(operand.name)})"

    def _day(self, offset: Literal | Parameter) -> str:
        if isinstance(offset, Parameter) and offset.name not in self.params:
            return f"today and {say_unset(self.markup.name(offset.name))}"
        length = offset.value if isinstance(offset, Literal) else self.params[offset.name]
        if length == 0:
            return f"today{self._name(offset)}"
        return f"{DURATION.say(abs(length))}{self._name(offset)} {'from now' if length > 0 else 'ago'}"


def say_values(value: Any, kind: Kind, test: str) -> list[str]:
    """A value in words; several values as several."""
    return [kind.say(item) for item in value] if test in SEVERAL else [kind.say(value)]


def say_unset(name: str, *, several: bool = False) -> str:
    """A parameter that nobody gave a value."""
    return f"one of the values of {name}, which are not set" if several else f"the value of {name}, which is not set"


def join_words(words: list[str], last: str = "or") -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def count_words(count: int, word: str) -> str:
    """`1 entry`, `2 entries`."""
    plural = word[:-1] + "ies" if word.endswith("y") else word + "s"
    return f"{count} {word if count == 1 else plural}"


def fill_parameters(text: str, policy: Policy, params: Mapping[str, Any]) -> str:
    """The text with `{parameter}` replaced by its value in words."""
    for spec in policy.params:
        if f"{{{spec.name}}}" in text:
            value = say_parameter(spec.kind, params[spec.name]) if spec.name in params else spec.name
            text = text.replace(f"{{{spec.name}}}", value)
    return text


def say_parameter(kind: Kind, value: Any) -> str:
    """The value of a parameter in words; several values as `a, b or c`."""
    if isinstance(kind, ListKind):
        return join_words([kind.of.say(item) for item in value]) if value else "none"
    return kind.say(value)
