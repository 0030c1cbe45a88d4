"""Whether facts, problems and reasons that a plugin made up are in the form that everything after it relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.model.fact import Fact, Members

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_LEVELS = ("error", "warning")


def find_malformed(facts: Iterable[Any], problems: Iterable[Any]) -> str:
    """What is wrong with the first of them; empty where nothing is. A value's kind is looked at elsewhere."""
    for fact in facts:
        if not _is_fact(fact):
            return f"a fact is not one: {_describe(fact, Fact)}"
    for problem in problems:
        if not _is_problem(problem):
            return f"a problem is not one: {_describe(problem, Problem)}"
    return ""


def find_stray_reason(unavailable: Mapping[Any, Any], observes: Collection[str]) -> str:
    """What is wrong with the reasons that a collector gives for what it could not have; empty where nothing is."""
    for path, reason in unavailable.items():
        if type(path) is not str or path not in observes:
            return f"it says why {path!a:.80} could not be had, which is not among what it observes"
        if type(reason) is not str:
            return f"its reason for `{path}` is a {type(reason).__name__}, no text"
    return ""


def _is_fact(fact: Any) -> bool:
    if type(fact) is not Fact:
        return False
    path, value, origin, source, location, digest = fact
    return (
        type(path) is type(origin) is type(source) is type(digest) is str
        and (location is None or _is_location(location))
        and (type(value) is not Members or _is_list(value))
    )


def _is_list(value: Members) -> bool:
    """Its items are looked into elsewhere, but for the facts that its records hold."""
    if type(value.items) is not tuple or type(value.complete) is not bool:
        return False
    held = (fact for item in value.items if type(item) is dict for fact in item.values())
    return all(type(fact) is not Fact or _is_fact(fact) for fact in held)


def _is_location(location: Any) -> bool:
    if type(location) is not Location or type(location.file) is not str:
        return False
    return all(type(number) is int and number >= 0 for number in location[1:])


def _is_problem(problem: Any) -> bool:
    if type(problem) is not Problem:
        return False
    parts: tuple[Any, ...] = problem
    message, remedy, location, related, level = parts
    return (
        type(message) is type(remedy) is str
        and level in _LEVELS
        and (location is None or _is_location(location))
        and type(related) is tuple
        and all(type(pair) is tuple and len(pair) == 2 and type(pair[0]) is str for pair in related)
        and all(_is_location(place) for _, place in related)
    )


def _describe(found: Any, wanted: type) -> str:
    """Its type, or that a part of it is not right; never what it holds."""
    name = type(found).__name__
    return f"{name}, with a part of another type" if type(found) is wanted else name
