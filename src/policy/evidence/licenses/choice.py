"""Which of the licences that files state is told, beside what the manifest declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.evidence.licenses.names import are_same, is_plainer, is_silent, list_parts
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.evidence.licenses.statements import Statement


def choose_statements(statements: Iterable[Statement]) -> list[Statement]:
    """Of those that state one licence, one for each that they differ in; none where one of them leaves it open."""
    chosen: list[Statement] = []
    for statement in statements:
        if statement.is_divided:
            return []
        if statement.license and not any(_covers(other.license, statement.license) for other in chosen):
            chosen = [other for other in chosen if not is_plainer(other.license, statement.license)]
            chosen.append(statement)
    return chosen


def _covers(exact: str, plain: str) -> bool:
    return are_same(exact, plain) or is_plainer(plain, exact)


def spell(stated: str, declared: str | None) -> str | None:
    """A licence as a fact beside the manifest's word: one that is the same is written as it is there.

    So two spellings do not contradict each other. None where the manifest says more exactly what is stated, which
    then neither proves nor contradicts it.
    """
    if declared is None or is_silent(declared) or stated.casefold() == declared.casefold():
        return stated
    if _covers(stated, declared):
        return declared
    return None if is_plainer(stated, declared) else stated


def explain_silence(statements: Iterable[Statement], declared: str | None) -> Problem | None:
    """Why files that speak of the licence tell none; None where one does, or what is declared is open to them."""
    spoken = [statement for statement in statements if statement.licenses or statement.silent]
    divided = next((statement for statement in spoken if statement.is_divided), None)
    if divided is not None:
        return None if _is_among(divided, declared) else _describe_several(divided)
    if not spoken or declared is not None or any(statement.license for statement in spoken):
        return None
    word, location = spoken[0].silent[0]
    said = f"says {quote_name(word)} where a licence is asked for" if word else "names no licence"
    remedy = "ask the owner for the licence, and state it in the card or in the manifest"
    return Problem(f"`{spoken[0].file}` {said}", remedy, location, level="warning")


def _is_among(statement: Statement, declared: str | None) -> bool:
    if declared is None:
        return False
    named = {part for name in statement.names for part in list_parts(name)}
    return list_parts(declared) <= named


def _describe_several(statement: Statement) -> Problem:
    names = ", ".join(
        quote_name(name) for name in (*statement.names, *dict.fromkeys(word for word, _ in statement.silent))
    )
    message = f"`{statement.file}` names several licences: {names}"
    remedy = "state in the manifest which of them holds"
    return Problem(message, remedy, statement.licenses[0][1], level="warning")
