"""Why an outcome is what it is: which tests decided it, what each required and found, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from policy.language.interpreter import Scope, evaluate, make_scope
from policy.language.prose import ProseWriter, count_words
from policy.language.vocabulary import PRESENT
from policy.model.condition import All, Any_, Condition, Count, Each, FieldValue, Leaf, Not, Some
from policy.model.decision import Reason
from policy.model.fact import ABSENT, Fact, Members
from policy.model.kinds import Kind, ListKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from policy.model.facts import Facts
    from policy.model.policy import Policy

TRUTH = {True: "true", False: "false", None: "unknown"}


class Decisive(NamedTuple):
    """A test that decided a result; `negated` when an odd number of negations stands around it."""

    test: Leaf | Some | Each | Count
    result: bool | None
    negated: bool


class Explanation(NamedTuple):
    """The reasons of an outcome, a sentence that says them, and the facts that are missing."""

    reasons: tuple[Reason, ...]
    message: str
    missing: tuple[str, ...]


def explain(policy: Policy, params: Mapping[str, Any], facts: Facts, today: date) -> Explanation:
    """Why the policy has the outcome that it has on these facts."""
    scope = make_scope(policy, params, facts, today)
    when = evaluate(policy.when, scope)
    decisive = list(find_decisive(policy.when, scope)) if when is not True else []
    if when is not False:
        decisive += find_decisive(policy.require, scope)
    writer = Explainer(policy, params, facts)
    reasons = tuple(writer.reason(item) for item in decisive)
    sentences = dict.fromkeys(writer.sentence(item) for item in decisive)
    missing = dict.fromkeys(path for item in decisive if item.result is None for path in missing_paths(item, scope))
    return Explanation(reasons, "; ".join(sentences), tuple(missing))


def find_decisive(condition: Condition, scope: Scope, *, negated: bool = False) -> list[Decisive]:
    """The tests that make the condition's result what it is."""
    if isinstance(condition, Not):
        return find_decisive(condition.item, scope, negated=not negated)
    if not isinstance(condition, All | Any_):
        return [Decisive(condition, evaluate(condition, scope), negated)]
    result = evaluate(condition, scope)
    decided = []
    for item in condition.items:
        # A true `all` and a false `any` rest on every item, other results on the items that share them.
        if result is isinstance(condition, All) or evaluate(item, scope) is result:
            decided += find_decisive(item, scope, negated=negated)
    return decided


def missing_paths(item: Decisive, scope: Scope) -> list[str]:
    """The facts whose absence leaves the test unknown."""
    test = item.test
    paths = [test.path]
    if isinstance(test, Leaf) and isinstance(test.operand, FieldValue):
        paths.append(test.operand.path)
        return [path for path in paths if scope.look_up(path) is None] or paths
    return paths


class Explainer:
    """Says what a test required and what it found."""

    def __init__(self, policy: Policy, params: Mapping[str, Any], facts: Facts) -> None:
        self.policy = policy
        self.facts = facts
        self.writer = ProseWriter(params, name_parameters=False)

    def _fact(self, path: str) -> Fact | None:
        return (self.facts.proven if path in self.policy.observed else self.facts.judged).get(path)

    def reason(self, item: Decisive) -> Reason:
        """The test as a record of texts."""
        test, fact = item.test, self._fact(item.test.path)
        if isinstance(test, Leaf):
            word, expected = test.test, self._expected(test)
        else:
            word = {Some: "some", Each: "each", Count: "count"}[type(test)]
            expected = self.writer.say(test)
        return Reason(
            field=test.path,
            test=word,
            expected=expected,
            actual=None if fact is None else self._show(test.path, fact.value),
            origin=None if fact is None else fact.origin,
            result=TRUTH[item.result],
            source="" if fact is None else fact.source,
            location=None if fact is None else fact.location,
            required_at=test.location,
        )

    def _expected(self, leaf: Leaf) -> str:
        from policy.language.encoding import show_operand

        return show_operand(leaf, self.writer.params)

    def sentence(self, item: Decisive) -> str:
        """The test in one sentence: what was found, and what is required."""
        test, fact = item.test, self._fact(item.test.path)
        if not isinstance(test, Leaf):
            return self._list_sentence(item, test, fact)
        if test.test == PRESENT:
            stated = "is not stated" if fact is None else "is not set" if fact.value is ABSENT else "is stated"
            return f"{test.path} {stated}, {self.writer.requirement(test, negated=item.negated)} is required"
        required = f"{self.writer.requirement(test, negated=item.negated)} is required"
        if fact is None:
            reason = self.facts.unavailable.get(test.path)
            return f"{test.path} is not known{f' ({reason})' if reason else ''}, {required}"
        found = "not set" if fact.value is ABSENT else self._say(test.path, fact.value)
        return f"{test.path} is {found} ({fact.origin}), {required}{self._compared(test)}"

    def _compared(self, leaf: Leaf) -> str:
        """What the other field is, where a test compares two."""
        if not isinstance(leaf.operand, FieldValue):
            return ""
        other = self._fact(leaf.operand.path)
        if other is None:
            return f" and {leaf.operand.path} is not known"
        found = "not set" if other.value is ABSENT else self._say(other.path, other.value)
        return f" ({leaf.operand.path} is {found})"

    def _list_sentence(self, item: Decisive, test: Some | Each | Count, fact: Fact | None) -> str:
        required = ProseWriter(self.writer.params, name_parameters=False).say(test, must=True, negated=item.negated)
        if fact is None:
            return f"{test.path} is not stated, and {required}"
        members = fact.value if isinstance(fact.value, Members) else Members((), complete=True)
        many = count_words(len(members.items), "entry")
        if item.result is None:
            return f"{test.path} has {many} and cannot be decided, and {required}"
        return f"{test.path} has {many} ({fact.origin}), and {required}"

    def _show(self, path: str, value: Any) -> str:
        return show_value(self.facts.schema.fields[path].kind, value)

    def _say(self, path: str, value: Any) -> str:
        kind = self.facts.schema.fields[path].kind
        if isinstance(value, Members):
            return show_value(kind, value)
        return kind.say(value)


def show_value(kind: Kind, value: Any) -> str:
    """A fact's value as a manifest would write it; of a list of records only how many there are."""
    if value is ABSENT:
        return "absent"
    if not isinstance(value, Members):
        return kind.show(value)
    if isinstance(kind, ListKind):
        return f"[{', '.join(kind.of.show(item) for item in value.items)}]"
    return count_words(len(value.items), "entry")
