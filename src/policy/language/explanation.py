"""Why an outcome is what it is: which tests decided it, what each required and found, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.ground import Ground, find_broken, make_ground
from policy.language.message import MessageWriter
from policy.language.phrases import count_words, join_words
from policy.language.prose import ProseWriter
from policy.language.vocabulary import OPPOSITES, PRESENT
from policy.model.condition import AllOf, AnyOf, Condition, Count, Each, FieldValue, Leaf, Not, Quantifier, Some
from policy.model.decision import Reason
from policy.model.fact import ABSENT, Members
from policy.model.kinds import Kind, ListKind, PathKind, RecordsKind
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from policy.errors import Location
    from policy.model.facts import Facts
    from policy.model.policy import Policy

TRUTH = {True: "true", False: "false", None: "unknown"}
# Each test and its exact opposite.
OPPOSITE = {**OPPOSITES, **{positive: negative for negative, positive in OPPOSITES.items()}}
# Entries of a list that break a policy are reasons one by one, up to this many.
ENTRIES = 5


class Decisive(NamedTuple):
    """A test that decided a result, on its facts; `negated` when an odd number of negations stands around it."""

    test: Leaf | Quantifier
    ground: Ground
    negated: bool


class Explanation(NamedTuple):
    """The reasons of an outcome, a sentence that says them, the facts that are missing, and all values that decided."""

    reasons: tuple[Reason, ...]
    message: str
    missing: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


class Explainer:
    """Says why a policy has the outcome that it has, of as many facts as wanted; what it worded once is kept."""

    def __init__(self, policy: Policy, params: Mapping[str, Any]) -> None:
        self.policy = policy
        self.params = params
        self.prose = ProseWriter(params, name_parameters=False)
        self._described: dict[tuple[int, bool], tuple[str, str]] = {}

    def explain(self, facts: Facts, today: date) -> Explanation:
        """Why the policy has its outcome on these facts; where it passes, the reasons alone say it."""
        policy, ground = self.policy, make_ground(self.policy, self.params, facts, today)
        applies, holds = ground.holds(policy.when), ground.holds(policy.require)
        before = [] if applies else find_decisive(policy.when, ground)
        decisive = [] if applies is False else find_decisive(policy.require, ground)
        message = ""
        if applies is False:
            message = f"the policy does not apply: {MessageWriter(self.prose).explain(policy.when, ground)}"
        elif holds is not True:
            message = MessageWriter(self.prose).explain(policy.require, ground)
            if applies is None:
                message = f"{say_open(find_missing(before), ground)}; if it does: {message}"
        reasons = [self._make_reason(item) for found in (*before, *decisive) for item in look_inside(found)]
        decided = [*before, *decisive]
        return Explanation(tuple(dict.fromkeys(reasons)), message, find_missing(decided), list_values(decided))

    def _make_reason(self, item: Decisive) -> Reason:
        """The test as a record of texts; a negated one as its opposite."""
        test, ground, fact = item.test, item.ground, item.ground.facts.get(item.test.path)
        word, expected = self._describe(item)
        return Reason(
            field=ground.prefix + test.path,
            test=word,
            expected=expected,
            actual=None if fact is None else show_value(ground.fields[test.path].kind, fact.value),
            origin=None if fact is None else fact.origin,
            result=TRUTH[ground.holds(test, negated=item.negated)],
            source="" if fact is None else fact.source,
            location=locate(item),
            required_at=test.location,
        )

    def _describe(self, item: Decisive) -> tuple[str, str]:
        test, negated = item.test, item.negated
        key = (id(test), negated)
        if key not in self._described:
            self._described[key] = (
                describe_leaf(test, negated, self.prose)
                if isinstance(test, Leaf)
                else describe_list(test, negated, self.prose)
            )
        return self._described[key]


def find_decisive(condition: Condition, ground: Ground, *, negated: bool = False) -> list[Decisive]:
    """The tests that make the condition's result what it is."""
    if isinstance(condition, Not):
        return find_decisive(condition.item, ground, negated=not negated)
    if not isinstance(condition, AllOf | AnyOf):
        return [Decisive(condition, ground, negated)]
    result = ground.holds(condition)
    decided = []
    for item in condition.items:
        # A true `all` and a false `any` rest on every item, other results on the items that share them.
        if result is isinstance(condition, AllOf) or ground.holds(item) is result:
            decided += find_decisive(item, ground, negated=negated)
    return decided


def find_missing(decisive: list[Decisive]) -> tuple[str, ...]:
    """The facts whose absence leaves tests unknown."""
    unknown = [item for item in decisive if item.ground.holds(item.test) is None]
    return tuple(dict.fromkeys(path for item in unknown for path in missing_paths(item)))


def missing_paths(item: Decisive) -> list[str]:
    """The facts whose absence leaves one test unknown."""
    test = item.test
    if is_expression(test.path) and isinstance(test, Leaf):
        from policy.language.expression_text import list_open  # most policies hold none

        return list(list_open(test, item.ground))
    if isinstance(test, Leaf) and isinstance(test.operand, FieldValue):
        paths = [test.path, test.operand.path]
        return [path for path in paths if item.ground.scope.look_up(path) is None] or paths
    return [test.path]


def say_open(paths: tuple[str, ...], ground: Ground) -> str:
    """That it is unknown whether the policy applies, and for want of what."""
    names, verb = join_words(list(paths), "and"), "is" if len(paths) == 1 else "are"
    if all(path not in ground.facts for path in paths):
        return f"{names} {verb} not known, so the policy may or may not apply"
    return f"what is known of {names} leaves open whether the policy applies"


def look_inside(item: Decisive, entries: int | None = ENTRIES) -> list[Decisive]:
    """The tests inside so many entries that break an `each`, or may; any other test itself."""
    test = item.test
    if not isinstance(test, Each) or item.negated:
        return [item]
    kept = AnyOf((Not(test.where), test.require))
    inner: list[Decisive] = []
    for _, ground in find_broken(test, item.ground)[:entries]:
        # What is meant for sure breaks the requirement; else what leaves open whether it is meant counts too.
        inner += find_decisive(kept if ground.holds(kept) is None else test.require, ground)
    return inner or [item]


def list_values(decisive: Iterable[Decisive]) -> tuple[tuple[str, str], ...]:
    """Pairs of field and value, in one order; of a list, those of each entry that is at fault."""
    # Several tests of one field tell one value, and two entries may tell the same.
    told: dict[tuple[int, str], str] = {}
    for item in decisive:
        for test, ground, _ in (item,) if isinstance(item.test, Leaf) else find_faults(item):
            entry, prefix = id(ground.facts), ground.prefix
            told[entry, prefix + test.path] = tell_value(ground, test.path)
            for path in list_read(test) if isinstance(test, Leaf) else ():
                told[entry, prefix + path] = tell_value(ground, path)
    return tuple(sorted((field, value) for (_, field), value in told.items()))


def list_read(leaf: Leaf) -> tuple[str, ...]:
    """What a test reads beside its own field."""
    return (leaf.operand.path,) if isinstance(leaf.operand, FieldValue) else leaf.reads


def find_faults(item: Decisive) -> list[Decisive]:
    """The tests inside every entry that should not be as it is; where one is missing, the test itself."""
    test, ground = item.test, item.ground
    if isinstance(test, Count) or (isinstance(test, Some) and item.negated):
        meant = [entry.ground for entry in ground.entries(test.path) if entry.ground.holds(test.where)]
        return [part for inner in meant for part in find_decisive(test.where, inner)] or [item]
    return look_inside(item, None)


def tell_value(ground: Ground, path: str) -> str:
    """A fact's value as text, where a change of it is a change of what was found."""
    fact, field = ground.facts.get(path), ground.fields[path]
    if fact is None:
        return "unknown"
    # A file that is moved has the same content, every commit is another one, and of a list its entries tell.
    of = field.kind.of if isinstance(field.kind, ListKind) else field.kind
    alike = isinstance(of, PathKind | RecordsKind) or not field.staked
    return "known" if alike and fact.value is not ABSENT else show_value(field.kind, fact.value)


def describe_leaf(leaf: Leaf, negated: bool, prose: ProseWriter) -> tuple[str, str]:
    """A leaf's test and the right side of it as a policy would write them."""
    from policy.language.encoding import show_operand

    expected = show_operand(leaf, prose.phrases.params)
    if not negated:
        return leaf.test, expected
    if leaf.test == PRESENT:
        return PRESENT, "false" if expected == "true" else "true"
    return OPPOSITE.get(leaf.test, f"not {leaf.test}"), expected


def describe_list(quantifier: Quantifier, negated: bool, prose: ProseWriter) -> tuple[str, str]:
    """The word of a quantifier, and what it asks for in words."""
    word = {Some: "some", Each: "each", Count: "count"}[type(quantifier)]
    return f"not {word}" if negated else word, prose.say(quantifier, negated=negated)


def locate(item: Decisive) -> Location | None:
    """Where the fact is stated: of a list of records, the first entry that is at fault."""
    test, ground = item.test, item.ground
    fact = ground.facts.get(test.path)
    if isinstance(test, Leaf):
        return fact.location if fact else locate_entry(ground)
    if isinstance(test, Some) and item.negated:
        for entry in ground.entries(test.path):
            if entry.ground.holds(test.where):
                return locate_entry(entry.ground)
    return fact.location if fact else None


def locate_entry(ground: Ground) -> Location | None:
    """Where an entry of a list starts, to stand for a field that it lacks."""
    if not ground.prefix:
        return None
    places = [fact.location for fact in ground.facts.values() if fact.location]
    return min(places, default=None)


def show_value(kind: Kind, value: Any) -> str:
    """A fact's value as a manifest would write it; of a list of records only how many there are."""
    if value is ABSENT:
        return "absent"
    if not isinstance(value, Members):
        return kind.show(value)
    if isinstance(kind, ListKind):
        return f"[{', '.join(kind.of.show(item) for item in value.items)}]"
    return count_words(len(value.items), "entry")
