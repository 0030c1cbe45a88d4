"""What would settle a fact that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.model.facts import Facts
    from policy.model.fields import Field


def say_settling(paths: tuple[str, ...], facts: Facts) -> str:
    """One clause a missing fact: state it, or supply the evidence that tells it."""
    clauses = []
    for path in paths:
        field = facts.schema.get(path)
        if field is not None:
            clauses.append(_settle(field, facts.unavailable.get(path, "")))
    return "; ".join(clauses)


def _settle(field: Field, reason: str) -> str:
    because = f" ({reason})" if reason else ""
    evidence = f"evidence from {' or '.join(field.evidence)}" if field.evidence else ""
    if field.writable:
        observed = f", or supply {evidence}" if evidence else ""
        return f"state {field.path} in the manifest: {field.about}{observed}{because}"
    return f"{field.path} follows from {evidence or 'other facts'}{because}"
