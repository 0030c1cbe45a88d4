"""Tree → plain English: what a policy requires, as sentences that say exactly what the tree means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.vocabulary import OPPOSITES, PRESENT, SEVERAL
from policy.model.condition import (
    All,
    Any_,
    Condition,
    Count,
    Each,
    FieldValue,
    Leaf,
    Literal,
    Not,
    Operand,
    Parameter,
    Some,
)
from policy.model.kinds import COUNT, DURATION, BooleanKind, Kind, ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.policy import Policy

NEGATED = {
    "at_least": "less_than",
    "at_most": "more_than",
    "more_than": "at_most",
    "less_than": "at_least",
    "equals": "not_equals",
    "one_of": "none_of",
    "contains_any": "contains_none",
    "contains": "contains_none",
    **OPPOSITES,
}
SIZES = {"at_least": "at least", "at_most": "at most", "more_than": "more than", "less_than": "less than"}
TEXTS = {"starts_with": "start with", "ends_with": "end with", "matches": "match"}


def describe_policy(policy: Policy, params: Mapping[str, Any]) -> str:
    """One sentence: when the policy applies and what it requires."""
    writer = ProseWriter(params)
    required = writer.say(policy.require, must=True)
    if isinstance(policy.when, All) and not policy.when.items:
        return f"{required[0].upper()}{required[1:]}."
    return f"When {writer.say(policy.when)}: {required}."


def describe_condition(condition: Condition, params: Mapping[str, Any], *, negated: bool = False) -> str:
    """The condition in words, as a statement."""
    return ProseWriter(params).say(condition, negated=negated)


class ProseWriter:
    """Says conditions in words; `must` makes a statement a requirement, `negated` says its opposite.

    A negation is carried down to the tests, which Kleene logic allows.
    """

    def __init__(self, params: Mapping[str, Any], *, name_parameters: bool = True) -> None:
        self.params = params
        self.name_parameters = name_parameters

    def say(self, condition: Condition, *, must: bool = False, negated: bool = False, inner: bool = False) -> str:
        if isinstance(condition, Not):
            return self.say(condition.item, must=must, negated=not negated, inner=inner)
        if isinstance(condition, All | Any_):
            return self._combined(condition, must=must, negated=negated, inner=inner)
        if isinstance(condition, Leaf):
            return self._leaf(condition, must=must, negated=negated)
        return self._quantifier(condition, must=must, negated=negated)

    def _combined(self, condition: All | Any_, *, must: bool, negated: bool, inner: bool) -> str:
        conjunction = isinstance(condition, All) != negated
        parts = [self.say(item, must=must, negated=negated, inner=True) for item in condition.items]
        if not parts:
            return "nothing more is needed" if conjunction else "nothing can meet this"
        if len(parts) == 1:
            return parts[0]
        text = (", and " if conjunction else ", or ").join(parts)
        return f"({text})" if inner else text

    def _leaf(self, leaf: Leaf, *, must: bool, negated: bool) -> str:
        test = leaf.test
        if test == PRESENT:
            known = (isinstance(leaf.operand, Literal) and leaf.operand.value) != negated
            if must:
                return f"{leaf.path} must {'' if known else 'not '}be stated"
            return f"{leaf.path} is {'' if known else 'not '}stated"
        if test in TEXTS:
            verb, value = TEXTS[test], self.value(leaf.operand, leaf.kind, test)
            if must:
                return f"{leaf.path} must {'not ' if negated else ''}{verb} {value}"
            plain = verb + ("es" if verb.endswith("ch") else "s") if verb != "start with" and verb != "end with" else verb.replace(" ", "s ")
            return f"{leaf.path} {'does not ' + verb if negated else plain} {value}"
        if isinstance(leaf.kind, ListKind):
            return self._list_leaf(leaf, must=must, negated=negated)
        phrase = self.requirement(leaf, negated=negated)
        return f"{leaf.path} {'must be' if must else 'is'} {phrase}".replace("must be not ", "must not be ")

    def _list_leaf(self, leaf: Leaf, *, must: bool, negated: bool) -> str:
        none = (leaf.test == "contains_none") != negated
        value = self.value(leaf.operand, leaf.kind, leaf.test)
        verb = "must" if must else "does" if none else ""
        contain = "contain" if verb else "contains"
        return " ".join(word for word in (leaf.path, verb, "not" if none else "", contain, value) if word)

    def requirement(self, leaf: Leaf, *, negated: bool = False) -> str:
        """What a leaf asks for, to be followed by `is required`: `at least 30 days`."""
        test = NEGATED.get(leaf.test, leaf.test) if negated else leaf.test
        value = self.value(leaf.operand, leaf.kind, leaf.test)
        if leaf.test == PRESENT:
            known = (isinstance(leaf.operand, Literal) and leaf.operand.value) != negated
            return "a value" if known else "no value"
        if leaf.test in TEXTS:
            verb = TEXTS[leaf.test]
            return f"text that does {'not ' if negated else ''}{verb} {value}".replace("does match", "matches").replace(
                "does start", "starts").replace("does end", "ends")
        if test in SIZES:
            return f"{SIZES[test]} {value}"
        if isinstance(leaf.kind, BooleanKind) and test == "not_equals" and isinstance(leaf.operand, Literal):
            return leaf.kind.say(not leaf.operand.value)
        if test in ("contains", "contains_any"):
            return f"an entry {value}"
        if test == "contains_none":
            return f"no entry {value}"
        return f"not {value}" if test in ("not_equals", "none_of") else value

    def _quantifier(self, condition: Some | Each | Count, *, must: bool, negated: bool) -> str:
        path = condition.path
        if isinstance(condition, Some):
            held = "hold no entry" if negated else "hold an entry"
            verb = f"must {held}" if must else held.replace("hold", "holds")
            return f"{path} {verb} where {self._inside(condition.where)}"
        if isinstance(condition, Each):
            chosen = "" if condition.where == All() else f" where {self._inside(condition.where)}"
            if negated:
                fails = self.say(condition.require, negated=True, inner=True)
                return f"{path} {'must hold' if must else 'holds'} an entry{chosen} for which {fails}"
            return f"in every entry of {path}{chosen}, {self.say(condition.require, must=must, inner=True)}"
        return self._count(condition, must=must, negated=negated)

    def _inside(self, where: Condition) -> str:
        return self.say(where, inner=True).removeprefix("(").removesuffix(")").replace(", and ", " and ")

    def _count(self, condition: Count, *, must: bool, negated: bool) -> str:
        chosen = "" if condition.where == All() else f" where {self._inside(condition.where)}"
        joint = " or " if negated else " and "
        return f"the number of entries of {condition.path}{chosen} {'must be' if must else 'is'} " + joint.join(
            self.bound(test, operand, negated=negated) for test, operand in condition.bounds
        )

    def bound(self, test: str, operand: Operand, *, negated: bool = False) -> str:
        """A bound on a number of entries: `at least 1`."""
        test = NEGATED[test] if negated else test
        value = self.value(operand, COUNT, test)
        return f"{SIZES[test]} {value}" if test in SIZES else f"not {value}" if test == "not_equals" else value

    def value(self, operand: Operand, kind: Kind, test: str) -> str:
        """The right side of a test in words."""
        single = kind.of if isinstance(kind, ListKind) else kind
        if isinstance(operand, Literal):
            return self._say_value(operand.value, single, test)
        if isinstance(operand, FieldValue):
            return operand.path
        if isinstance(operand, Parameter):
            return self._parameter(operand, single, test)
        return self._day(operand.offset)

    def _say_value(self, value: Any, kind: Kind, test: str) -> str:
        if test in SEVERAL or isinstance(value, tuple):
            return join_words([self._say_value(item, kind, "") for item in value]) if value else "nothing"
        if test in TEXTS:
            return f'"{value}"'
        return kind.say(value)

    def _parameter(self, operand: Parameter, kind: Kind, test: str) -> str:
        if operand.name not in self.params:
            return f"the value of {operand.name}, which is not set"
        value = self._say_value(self.params[operand.name], kind, test)
        return f"{value} ({operand.name})" if self.name_parameters else value

    def _day(self, offset: Literal | Parameter) -> str:
        if isinstance(offset, Parameter) and offset.name not in self.params:
            return f"today and {offset.name}, which is not set"
        length = offset.value if isinstance(offset, Literal) else self.params[offset.name]
        if length == 0:
            return "today"
        named = f" ({offset.name})" if isinstance(offset, Parameter) and self.name_parameters else ""
        return f"{DURATION.say(abs(length))}{named} {'from now' if length > 0 else 'ago'}"


def join_words(words: list[str], last: str = "or") -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def count_words(count: int, word: str) -> str:
    """`1 entry`, `2 entries`."""
    plural = word[:-1] + "ies" if word.endswith("y") else word + "s"
    return f"{count} {word if count == 1 else plural}"


