"""What was found at a fact, in words: its value and where that is from, or that nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.ground import count_entries
from policy.language.phrases import count_words, join_words
from policy.language.vocabulary import PRESENT
from policy.model.condition import Count, FieldValue, Leaf, Quantifier
from policy.model.fact import ABSENT, Members
from policy.model.kinds import Kind, ListKind

if TYPE_CHECKING:
    from policy.language.ground import Entry, Ground
    from policy.model.fact import Fact

# More entries than these are counted, not named.
NAMED_ENTRIES = 3


def say_found(leaf: Leaf, ground: Ground, *, nested: bool = False) -> str:
    """What the fact of a test is, to follow its name; `nested` where it stands in brackets already."""
    path, fact = leaf.path, ground.facts.get(leaf.path)
    if fact is None or fact.value is ABSENT:
        if leaf.test == PRESENT and fact is None and path not in {*ground.unproven, *ground.unavailable}:
            return "is not stated"
        return say_known(path, ground, nested=nested)
    said = "stated" if leaf.test == PRESENT else say_value(ground.fields[path].kind, fact.value)
    return f"is {said}{aside(fact.origin, nested=nested)}"


def say_known(path: str, ground: Ground, *, nested: bool = False) -> str:
    """That a fact is not there or not known, and why."""
    fact, unproven = ground.facts.get(path), ground.unproven.get(path)
    if fact is not None:
        return f"is not set{aside(fact.origin, nested=nested)}"
    if unproven is not None:
        said = say_value(ground.fields[path].kind, unproven.value)
        return f"is not observed{aside(f'{said} is only {unproven.origin}', nested=nested)}"
    reason = ground.unavailable.get(path)
    return f"is not known{aside(reason, nested=nested)}" if reason else "is not known"


def say_other(leaf: Leaf, ground: Ground, *, nested: bool = False) -> str:
    """What the other field is, where a test compares two."""
    if not isinstance(leaf.operand, FieldValue):
        return ""
    path = leaf.operand.path
    fact = ground.facts.get(path)
    if fact is None or fact.value is ABSENT:
        said = f"{path} {say_known(path, ground, nested=True)}"
    else:
        said = f"{path} is {say_value(ground.fields[path].kind, fact.value)}"
    return f"; {said}" if nested else f" ({said})"


def say_entries(quantifier: Quantifier, fact: Fact, ground: Ground, *, nested: bool = False) -> str:
    """How many entries a list of records holds, to follow its name."""
    many = len(ground.entries(quantifier.path))
    held = count_words(many, "entry") if many else "no entries"
    return f"holds {held}{aside(fact.origin, nested=nested)}"


def say_count(quantifier: Count, ground: Ground) -> str:
    """How many entries a `count` found."""
    known, possible = count_entries(quantifier, ground)
    if possible is None:
        return f"{known} or more"
    return str(known) if known == possible else f"between {known} and {possible}"


def name_entries(entries: list[Entry]) -> str:
    """`a.json, b.json and 2 more`."""
    names = [entry.name for entry in entries[:NAMED_ENTRIES]]
    more = len(entries) - len(names)
    return join_words([*names, f"{more} more"] if more else names, "and")


def say_value(kind: Kind, value: Any) -> str:
    """A value that was found, in words."""
    if not isinstance(value, Members):
        return kind.say(value)
    if isinstance(kind, ListKind):
        return join_words([kind.of.say(item) for item in value.items], "and") if value.items else "empty"
    return count_words(len(value.items), "entry")


def aside(text: str, *, nested: bool) -> str:
    """The text in brackets, or after a comma where brackets are open already."""
    return f", {text}" if nested else f" ({text})"
