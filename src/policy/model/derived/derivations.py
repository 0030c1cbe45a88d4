"""Facts that follow from other facts: each one small pure function of plain values, and of dated tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.model.derived.compute import COMPUTE_DERIVATIONS
from policy.model.derived.cost import COST_DERIVATIONS
from policy.model.derived.derivation import Derivation, Told
from policy.model.derived.licenses import LICENSE_DERIVATIONS
from policy.model.derived.providers import PROVIDER_DERIVATIONS
from policy.model.fact import ABSENT, Fact, Members
from policy.model.resolution import STRENGTH, Contradiction, agrees
from policy.model.tables import TABLE_NAMES, Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from policy.model.schema import Field, Schema

PROVEN = ("observed", "attested")
STALE_TABLES = "evidence.stale_tables"
STALE_DAYS = 90


def plan_retrieval(approach: str) -> bool | None:
    """Retrieval is part of these approaches; for any other the manifest says it."""
    return True if approach in ("rag", "hybrid") else None


def tell_activity() -> str:
    """Whatever is no run, and a run that states nothing else, is judged as training."""
    return "training"


# Each after those that it follows from.
DERIVATIONS = (
    Derivation("retrieval.planned", ("approach",), plan_retrieval),
    Derivation("run.activity", (), tell_activity),
    *LICENSE_DERIVATIONS,
    *COMPUTE_DERIVATIONS,
    *COST_DERIVATIONS,
    *PROVIDER_DERIVATIONS,
)
DERIVED = {derivation.path: derivation for derivation in DERIVATIONS}
# What is derived, and what anything is derived from.
DERIVING = frozenset(
    path.partition("[].")[0] for derivation in DERIVATIONS for path in (derivation.path, *derivation.inputs)
)


def derive(judged: dict[str, Fact], schema: Schema, lookup: Lookup) -> list[Contradiction]:
    """Add to `judged` what follows from it; a derived fact is trusted as its weakest input.

    A fact that cannot be stated in a manifest keeps a value that evidence gave. Of one that can, the derived value
    counts, unless evidence as good told another; where the two disagree they contradict. Gives the contradictions.
    """
    contradictions: list[Contradiction] = []
    for derivation in DERIVATIONS:
        path = derivation.path
        if "[]" in path:
            derive_in_members(judged, derivation, lookup)
            continue
        field, stated = schema.get(path), judged.get(path)
        if field is None or (stated is not None and (not field.writable or gives_way(derivation, stated))):
            continue
        fact = compute(derivation, judged, lookup)
        if fact is None:
            continue
        if stated is None or stated.value is ABSENT:
            judged[path] = fact
        elif fact.value is not ABSENT:
            judged[path] = weigh(field, fact, stated, contradictions)
    return contradictions


def gives_way(derivation: Derivation, stated: Fact) -> bool:
    """Whether a derived estimate would not count, so that the tables behind it are not used either."""
    return derivation.estimate and stated.value is not ABSENT and stated.origin != "estimated"


def weigh(field: Field, derived: Fact, stated: Fact, contradictions: list[Contradiction]) -> Fact:
    """Which of a derived and a stated fact counts."""
    told = field.evidence and stated.origin in PROVEN and STRENGTH[stated.origin] <= STRENGTH[derived.origin]
    guessed = derived.origin == "estimated" != stated.origin
    strong, weak = (stated, derived) if told or guessed else (derived, stated)
    if weak.origin != "estimated" and not agrees(field, strong.value, weak.value):
        contradictions.append(Contradiction(field.path, strong, weak))
    return strong


def derive_in_members(judged: dict[str, Fact], derivation: Derivation, lookup: Lookup) -> None:
    """Add to every record of a list what follows from the record."""
    outer, _, name = derivation.path.partition("[].")
    stated = judged.get(outer)
    if stated is None or stated.value is ABSENT:
        return
    # Named as they are within the record.
    inner = derivation._replace(path=name, inputs=tuple(path.partition("[].")[2] for path in derivation.inputs))
    items = []
    for item in stated.value.items:
        fact = compute(inner, item, lookup) if name not in item else None
        items.append(item if fact is None else {**item, name: fact})
    judged[outer] = stated._replace(value=stated.value._replace(items=tuple(items)))


def compute(derivation: Derivation, known: dict[str, Fact], lookup: Lookup) -> Fact | None:
    """The derived fact, or None where nothing follows from what is known."""
    values: list[Any] = []
    facts: list[Fact] = []
    for path in derivation.inputs:
        value = take_input(path, known, facts)
        if value is None and path not in derivation.optional:
            return None
        values.append(value)
    outside = (lookup,) if derivation.tables else ()
    value = derivation.compute(*outside, *values)
    if value is None:
        return None
    origin = max((fact.origin for fact in facts), key=STRENGTH.__getitem__, default="observed")
    assumed: tuple[str, ...] = ()
    if isinstance(value, Told):
        value, behind, assumed = value.value, [*value.behind], value.assumed
    else:
        behind = [path for path, told in zip(derivation.inputs, values, strict=True) if told is not None]
        behind += [f"the table of {name}" for name in derivation.tables]
    source = f"derived from {', '.join(behind)}" if behind else "derived"
    if assumed:
        source += f"; assumed: {'; '.join(assumed)}"
    location = facts[0].location if facts else None
    return Fact(derivation.path, value, "estimated" if derivation.estimate else origin, source, location)


def take_input(path: str, known: Mapping[str, Fact], facts: list[Fact]) -> Any:
    """The value at a path, None where it is not known or absent; the facts behind it are added to `facts`."""
    outer, _, name = path.partition("[].")
    fact = known.get(outer)
    if fact is None or (fact.value is ABSENT and not name):
        return None
    if not name:
        facts.append(fact)
        return fact.value
    members = Members((), complete=True) if fact.value is ABSENT else fact.value
    inner = [item.get(name) for item in members.items]
    facts += [fact, *(member for member in inner if member is not None)]
    values = (None if member is None or member.value is ABSENT else member.value for member in inner)
    return Members(tuple(values), members.complete)


def say_day(day: date) -> str:
    """The day of a row that was used; the first of all days stands for a mistyped one."""
    return "dated far ahead" if day.year == 1 else day.isoformat()


def count_stale(lookup: Lookup) -> Fact | None:
    """How many of the tables that were read are older than 90 days, by the rows that were used."""
    if lookup.today is None or not lookup.tables:
        return None
    old = [name for name, day in lookup.used.items() if (lookup.today - day).days > STALE_DAYS]
    source = f"dated tables: {', '.join(sorted(lookup.used)) or 'none was used'}"
    if old:
        source += f"; too old: {', '.join(f'{name} ({say_day(lookup.used[name])})' for name in sorted(old))}"
    return Fact(STALE_TABLES, len(old), "observed", source)


def list_open_inputs(path: str, judged: Mapping[str, Fact]) -> list[str]:
    """What would have to be known for a derived fact that is unknown; nothing where all is, or it follows from none."""
    derivation = DERIVED.get(path)
    if derivation is None:
        return []
    unknown = [name for name in derivation.inputs if is_open(take_input(name, judged, []))]
    needed = [name for name in unknown if name not in derivation.optional]
    found = [deeper for name in needed or unknown for deeper in list_open_inputs(name, judged) or [name]]
    return list(dict.fromkeys(found))


def list_behind(path: str, judged: Mapping[str, Fact]) -> Iterator[str]:
    """What a derived fact that is not known follows from, known or not; nothing where it is known, or stated."""
    derivation = DERIVED.get(path)
    if derivation is None or ((fact := judged.get(path)) is not None and not is_open(fact.value)):
        return
    for name in derivation.inputs:
        one = name.partition("[].")[0]
        yield one
        yield from list_behind(one, judged)


def is_open(value: Any) -> bool:
    """Whether more could become known of an input."""
    return value is None or (isinstance(value, Members) and (not value.complete or None in value.items))


def list_tables(paths: Iterable[str]) -> frozenset[str]:
    """The dated tables that the facts at some paths rest on, whichever way they follow from each other."""
    wanted = set(paths)
    if STALE_TABLES in wanted:
        return frozenset(TABLE_NAMES)
    tables: set[str] = set()
    for derivation in reversed(DERIVATIONS):
        outer = derivation.path.partition("[].")[0]
        if wanted & {derivation.path, outer}:
            tables.update(derivation.tables)
            wanted.update(derivation.inputs)
    return frozenset(tables)
