"""What would settle a fact that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.phrases import join_words
from policy.model.fact import Members
from policy.model.facts import CONTRADICTIONS
from policy.model.fields import COLLECTED
from policy.model.kinds import EnumKind, ListKind

if TYPE_CHECKING:
    from policy.model.facts import Facts
    from policy.model.policy import Policy
    from policy.model.schema import Field


def say_settling(policy: Policy, missing: tuple[str, ...], facts: Facts) -> tuple[str, ...]:
    """One clause a missing fact, in their order: state it, or supply the evidence that tells it."""
    return tuple(_settle(facts.schema.fields[path], policy, facts) for path in missing)


def _settle(field: Field, policy: Policy, facts: Facts) -> str:
    path = field.path
    reason = facts.unavailable.get(path, "")
    because = f" ({reason})" if reason else ""
    if path in policy.observed:
        return f"{path} counts only when it is observed{_name_evidence(field, ': supply evidence from')}{because}"
    if path == CONTRADICTIONS:
        return "nothing was observed that the manifest could be compared with: name data files or a training config"
    if not field.writable:
        return f"{path} cannot be stated{_name_evidence(field, ', and follows from')}{because}"
    known = facts.judged.get(path)
    if known is not None and isinstance(known.value, Members):
        whole = "say more in the manifest of the entries that it holds" if known.value.complete else "state it in full"
        return f"what is known of {path} leaves this open: {whole}{because}"
    if known is not None:
        return f"{path} cannot be compared with what is required: state both in one currency{because}"
    observed = _name_evidence(field, ", or supply evidence from")
    estimated = _name_prices(path, facts)
    return f"state {path} in the manifest: {field.about}{_say_choices(field)}{observed}{estimated}{because}"


def _name_evidence(field: Field, words: str) -> str:
    """The evidence that can tell the fact here and now; what no collector looks at would send people looking."""
    sources = [source for source in field.evidence if source in COLLECTED]
    return f"{words} {' or '.join(sources)}" if sources else ""


def _name_prices(path: str, facts: Facts) -> str:
    """What a cost could be estimated from."""
    if not path.startswith("cost."):
        return ""
    from policy.engine.costs.gaps import list_gaps  # for these alone

    gaps = list_gaps(path, facts)
    return f"; or, to have it estimated, give {join_words([*gaps], 'and')}" if gaps else ""


def _say_choices(field: Field) -> str:
    """The words that can be written, where there are only these."""
    kind = field.kind.of if isinstance(field.kind, ListKind) else field.kind
    return f" ({', '.join(kind.choices)})" if isinstance(kind, EnumKind) else ""
