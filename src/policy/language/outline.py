"""A condition as a nested list of sentences, for a page: what a single sentence would put in brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.prose import is_conjunction
from policy.model.condition import AllOf, AnyOf, Each, Leaf, Not, Some
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.language.prose import ProseWriter
    from policy.model.condition import Condition


class Outline(NamedTuple):
    """A sentence; or parts of which `word` (`all` or `any`) must hold, with the sentence that leads to them, if any."""

    text: str
    word: str = ""
    parts: tuple[Outline, ...] = ()


def outline_condition(
    condition: Condition, prose: ProseWriter, *, must: bool = False, negated: bool = False
) -> Outline:
    """The condition taken apart down to what needs no brackets; as a requirement where `must`."""
    while isinstance(condition, Not):
        condition, negated = condition.item, not negated
    if isinstance(condition, AllOf | AnyOf):
        return _outline_parts(condition, prose, must=must, negated=negated)
    whole = Outline(prose.say(condition, must=must, negated=negated))
    name, verb = prose.name(getattr(condition, "path", "")), "must hold" if must else "holds"
    if isinstance(condition, Some):
        inner = outline_condition(condition.where, prose.of_entry)
        return _nest(f"{name} {verb} {'no' if negated else 'an'} entry of which", inner) or whole
    if isinstance(condition, Each) and not negated:
        inner = outline_condition(condition.require, prose.of_entry, must=must)
        # One level is enough to need a list: its parts are each a requirement.
        if inner.parts:
            return inner._replace(text=f"for every entry of {name}{prose.where(condition.where)}")
    return whole


def _nest(text: str, inner: Outline) -> Outline | None:
    """The text with what must be true of the entry as a list; None where a sentence says it without brackets."""
    return inner._replace(text=text) if any(part.parts for part in inner.parts) else None


def _outline_parts(condition: AllOf | AnyOf, prose: ProseWriter, *, must: bool, negated: bool) -> Outline:
    said = [
        # What is said of several tests at once is one sentence.
        Outline(sentence) if isinstance(part, Leaf) else outline_condition(part, prose, must=must, negated=opposite)
        for part, opposite, sentence in prose.say_parts(condition, must=must, negated=negated)
    ]
    parts = tuple(dict.fromkeys(said))
    if len(parts) < 2:
        return parts[0] if parts else Outline(prose.say(condition, must=must, negated=negated))
    return Outline("", "all" if is_conjunction(condition, negated=negated) else "any", parts)
