"""Which of several claims about one fact is judged, and which of them contradict each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Members
from policy.model.kinds import ListKind, RecordsKind
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.fact import Fact
    from policy.model.schema import Field, Schema

STRENGTH = {"observed": 0, "attested": 1, "declared": 2, "estimated": 3}


class Contradiction(NamedTuple):
    """Two claims about one fact that cannot both be right; `against` is the weaker one."""

    path: str
    claim: Fact
    against: Fact


def resolve(claims: Iterable[Fact], schema: Schema) -> tuple[dict[str, Fact], tuple[Contradiction, ...]]:
    """Per path the fact that counts, and every contradiction. Claims at paths outside the schema are left out."""
    grouped: dict[str, list[Fact]] = {}
    for claim in claims:
        grouped.setdefault(claim.path, []).append(claim)
    judged: dict[str, Fact] = {}
    contradictions: list[Contradiction] = []
    for path, group in grouped.items():
        field = schema.get(path)
        if field is not None:
            if is_settled(group):
                judged[path] = group[0]
                continue
            # The order in which evidence comes in must not decide anything.
            if len(group) > 1:
                group.sort(key=rank)
            fact = settle(field, group, contradictions)
            if fact is not None:
                judged[path] = fact
    return judged, tuple(sorted(contradictions, key=lambda item: item.path))


def rank(claim: Fact) -> tuple[Any, ...]:
    """A key that puts claims into one order, the strongest first."""
    told, places = _tell_apart(claim.value)
    return STRENGTH[claim.origin], claim.source, claim.location or (), claim.digest, told, places


def _tell_apart(value: Any) -> tuple[str, tuple[Any, ...]]:
    """What a value says, and where: in a text the tenth line would come before the ninth."""
    if not isinstance(value, Members) or not value.items or not isinstance(value.items[0], dict):
        return repr(value), ()
    facts = [(name, fact) for item in value.items for name, fact in sorted(item.items())]
    told = [[(name, fact.value, fact.origin) for name, fact in sorted(item.items())] for item in value.items]
    return repr((told, value.complete)), tuple(fact.location or () for _, fact in facts)


def is_settled(group: list[Fact]) -> bool:
    """Whether there is one claim of one value, as of most facts: nothing is left to settle."""
    return len(group) == 1 and not isinstance(group[0].value, Members)


def settle(field: Field, group: list[Fact], contradictions: list[Contradiction]) -> Fact | None:
    """The fact that counts among all claims at one path; None where observations conflict."""
    if isinstance(field.kind, ListKind | RecordsKind):
        # A list that was looked for and is not there adds nothing to one that somebody states.
        group = [fact for fact in group if fact.value is not ABSENT] or group[:1]
    if isinstance(field.kind, RecordsKind) and group[0].value is not ABSENT:
        return merge_records(field, field.kind, group, contradictions)
    if isinstance(field.kind, ListKind) and group[0].value is not ABSENT:
        return merge_list(group)
    if is_settled(group):
        return group[0]
    by_origin: dict[str, list[Fact]] = {}
    for claim in group:
        by_origin.setdefault(claim.origin, []).append(claim)
    combined = [
        combine(field, by_origin[origin], contradictions) for origin in sorted(by_origin, key=STRENGTH.__getitem__)
    ]
    # Observations that conflict leave the fact unknown: a weaker claim cannot decide between them.
    best = combined[0]
    for weaker in combined[1:]:
        if best is None or weaker is None or weaker.origin == "estimated":
            continue
        if not agrees(field, best.value, weaker.value):
            contradictions.append(Contradiction(field.path, best, weaker))
        elif is_more_exact(field, weaker.value, best.value):
            # Both are right and the weaker claim is the more exact one: hybrid, a full revision.
            best = weaker
    return best


def combine(field: Field, group: list[Fact], contradictions: list[Contradiction]) -> Fact | None:
    """What several claims of one origin make together, by the field's rule."""
    if field.combine in ("sum", "any"):
        # Where it was not found, nothing is added to what was found elsewhere.
        group = [fact for fact in group if fact.value is not ABSENT] or group[:1]
    best = group[0]
    if len(group) > 1 and field.combine == "sum":
        return best._replace(value=sum(fact.value for fact in group))
    if field.combine == "any":
        return next((fact for fact in group if fact.value is True), best)
    for other in group[1:]:
        if not (agrees(field, best.value, other.value) or agrees(field, other.value, best.value)):
            contradictions.append(Contradiction(field.path, best, other))
            return None
        if is_more_exact(field, other.value, best.value):
            best = other
    return best


def agrees(field: Field, strong: Any, weak: Any) -> bool:
    """Whether two values speak of the same, by the field's rule of agreement."""
    rule = field.agree
    if rule == "any" or strong == weak:
        return True
    if strong is ABSENT or weak is ABSENT:
        return False
    if not isinstance(strong, type(weak)) and not isinstance(strong, int | float):
        return False
    if rule == "case":
        return bool(strong.casefold() == weak.casefold())
    if rule == "prefix":
        short, long = sorted((strong, weak), key=len)
        return len(short) >= 7 and long.startswith(short)
    if rule == "split":
        # What is held out has one name or the other; what is trained on is not held out.
        return "train" not in (strong, weak)
    if rule == "approach":
        return bool(strong == "fine-tuning" and weak == "hybrid")
    if rule.startswith("within:") and isinstance(weak, int | float):
        return bool(abs(strong - weak) <= float(rule[7:]) * max(abs(strong), abs(weak)))
    return False


def is_more_exact(field: Field, weak: Any, strong: Any) -> bool:
    """Whether a claim that agrees with a stronger one says more: hybrid, or a full revision."""
    if weak is ABSENT or strong is ABSENT or field.agree not in ("approach", "prefix"):
        return False
    return bool(weak == "hybrid" if field.agree == "approach" else len(weak) > len(strong))


def merge_list(group: list[Fact]) -> Fact:
    """All values that any claim names, in an order of their own; complete where one claim says that it is."""
    strongest = min(group, key=lambda fact: STRENGTH[fact.origin])
    items = sorted({item for fact in group for item in fact.value.items})
    complete = any(fact.value.complete for fact in group)
    return strongest._replace(value=strongest.value._replace(items=tuple(items), complete=complete))


def merge_records(field: Field, kind: RecordsKind, group: list[Fact], contradictions: list[Contradiction]) -> Fact:
    """All records that any claim names, those with one key merged field by field.

    A manifest may declare a key several times, as for two results in one file: those are several records, and
    what is observed under the key belongs to the first.
    """
    strongest = min(group, key=lambda fact: STRENGTH[fact.origin])
    merged: dict[Any, dict[str, list[Fact]]] = {}
    for fact in group:
        seen: Counter[Any] = Counter()
        for item in fact.value.items:
            key = record_key(kind, item)
            seen[key] += fact.origin == "declared"
            into = merged.setdefault((key, max(1, seen[key])), {})
            for name, member in item.items():
                into.setdefault(name, []).append(member)
    fields = {member.path: member for member in kind.fields}
    items = []
    for record in merged.values():
        settled = {}
        for name, claims in record.items():
            if is_settled(claims):
                settled[name] = claims[0]
                continue
            claims.sort(key=rank)
            known = settle(fields[name]._replace(path=f"{field.path}[].{name}"), claims, contradictions)
            if known is not None:
                settled[name] = known
        items.append(settled)
    complete = any(fact.value.complete for fact in group)
    return strongest._replace(value=strongest.value._replace(items=tuple(items), complete=complete))


def record_key(kind: RecordsKind, item: dict[str, Fact]) -> Any:
    """What tells whether two records speak of the same: the first key field that the record states."""
    for name in kind.keys:
        if name in item and item[name].value is not ABSENT:
            return name, item[name].value
    return object()
