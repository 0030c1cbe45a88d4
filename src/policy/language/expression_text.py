"""CEL expressions in words: what is asked of one, and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.found import aside, say_known, say_value
from policy.model.condition import Leaf, Literal
from policy.model.fact import ABSENT
from policy.model.schema import EXPRESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.language.ground import Ground

# More facts than these are not named one by one.
NAMED_FACTS = 4


def name_expression(path: str, mark: Callable[[str], str] = str) -> str:
    """The expression as a noun, on one line."""
    text = " ".join(path.removeprefix(EXPRESSION).split())
    marked = mark(text)
    return f"the CEL expression {f'`{text}`' if marked == text else marked}"


def say_expression(leaf: Leaf, mark: Callable[[str], str] = str, *, must: bool, negated: bool) -> str:
    """That the expression holds, or must hold; or where so negated, that it does not."""
    return f"{name_expression(leaf.path, mark)} {say_verb(leaf, must=must, negated=negated)}"


def say_verb(leaf: Leaf, *, must: bool, negated: bool) -> str:
    """What follows the name of an expression: `holds`, `must not hold`."""
    wanted = isinstance(leaf.operand, Literal) and leaf.operand.value is True
    if (leaf.test == "equals") == (wanted != negated):
        return "must hold" if must else "holds"
    return "must not hold" if must else "does not hold"


def explain_expression(leaf: Leaf, ground: Ground, *, negated: bool) -> str:
    """What came of the expression, what must, and the facts that it reads."""
    found = f"{name_expression(leaf.path)} {_say_result(leaf, ground)}"
    return f"{found}, and {say_verb(leaf, must=True, negated=negated)} ({say_read(leaf, ground)})"


def offer_expression(leaf: Leaf, ground: Ground, *, negated: bool) -> str:
    """The expression as one of several ways to meet a policy."""
    found = f"{_say_result(leaf, ground)}; {say_read(leaf, ground)}"
    return f"{say_expression(leaf, must=True, negated=negated)} (it {found})"


def _say_result(leaf: Leaf, ground: Ground) -> str:
    fact = ground.facts.get(leaf.path)
    if fact is None:
        return "is not known"
    return "holds" if fact.value is True else "does not hold"


def say_read(leaf: Leaf, ground: Ground) -> str:
    """What the facts are that the expression reads; where it is not known, those that are missing."""
    paths = list_open(leaf, ground) or leaf.reads
    said = [_say_fact(path, ground) for path in paths[:NAMED_FACTS]]
    more = len(paths) - len(said)
    return "; ".join([*said, f"{more} more"] if more else said)


def list_open(leaf: Leaf, ground: Ground) -> tuple[str, ...]:
    """The facts for want of which the expression is not known; nothing where it is."""
    if leaf.path in ground.facts:
        return ()
    values = ground.scope.values
    return tuple(path for path in leaf.reads if not _is_closed(values.get(path))) or leaf.reads


def _is_closed(value: object) -> bool:
    return value is not None and value is not ABSENT and getattr(value, "complete", True)


def _say_fact(path: str, ground: Ground) -> str:
    fact = ground.facts.get(path)
    if fact is None or fact.value is ABSENT:
        return f"{path} {say_known(path, ground, nested=True)}"
    more = "" if getattr(fact.value, "complete", True) else " and may hold more"
    return f"{path} is {say_value(ground.fields[path].kind, fact.value)}{more}{aside(fact.origin, nested=True)}"
