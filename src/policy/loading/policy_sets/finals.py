"""What layers do to policies that another layer made final: each is an error that shows both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.loading.policy_sets.merging import pile
from policy.loading.policy_sets.tightening import Loosening, find_loosenings
from policy.model.derived.derivations import DERIVATIONS, list_tables
from policy.model.facts import CONTRADICTIONS
from policy.model.fields import RUNS, SCHEMA
from policy.model.gates import GATES
from policy.source.node import Mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.errors import Location
    from policy.loading.policy_sets.merging import Part
    from policy.model.policy import Policy, PolicySet

TOLD_BY_RUNS = frozenset(field.path for field in SCHEMA.fields.values() if RUNS in field.evidence)
# So many of the final policies that one line concerns are named.
MOST_NAMED = 3


def check_parts(parts: Sequence[Part]) -> Iterator[Problem]:
    """An error for whatever loosens a final policy, and a warning for whatever loosens another; base first."""
    for number, part in enumerate(parts):
        below, above = pile(parts[:number]).make_set(), pile(parts[: number + 1]).make_set()
        for found in find_loosenings(below, above, part.settings):
            yield from refuse_loosening(found, below) or [warn_of_loosening(found)]
        yield from refuse_means(part, below)
        yield from check_server(part, below)
        yield from refuse_ledger(part, below)
        # What a layer makes final must hold whatever is put below it, too.
        foreign = [other for other in parts[:number] if other.layer.file not in part.extended]
        if foreign and any(setting.section == "final" for setting in part.settings):
            own = [other for other in parts[:number] if other.layer.file in part.extended]
            alone = pile([*own, part]).make_set()
            for other in foreign:
                for found in find_loosenings(alone, above, other.settings):
                    yield from refuse_loosening(found, alone)
                yield from refuse_means(other, alone)
                yield from check_server(other, alone)
                yield from refuse_ledger(other, alone)


def refuse_loosening(found: Loosening, below: PolicySet) -> list[Problem]:
    """The error of a setting that makes a final policy milder, with the line that made it final; else none."""
    finals = [name for name in found.policies if name in below.final]
    return [refuse_final(found.message, found.location, finals, below)] if finals else []


def refuse_final(message: str, location: Location | None, finals: Sequence[str], below: PolicySet) -> Problem:
    """The error of something that these policies of `below`, being final, do not allow."""
    places = [(name, below.places["final", name, ""]) for name in finals[:MOST_NAMED]]
    rest = [f"{len(finals) - MOST_NAMED} more"] if len(finals) > MOST_NAMED else []
    names = " and ".join([f"`{name}`" for name, _ in places] + rest)
    are = "is" if len(finals) == 1 else "are"
    said = f"the policy {are}" if f"`{finals[0]}" in message else f"{names} {are}"
    related = tuple((f"`{name}` is made final", place) for name, place in places)
    remedy = f"take this out, or have the policy set that makes {'it' if len(finals) == 1 else 'them'} final changed"
    return Problem(f"{message}, and {said} final", remedy, location, related)


def warn_of_loosening(found: Loosening) -> Problem:
    """The warning of a setting that makes policies milder that may be."""
    # Without an excerpt, for it is said at every run.
    where = found.location._replace(end_line=0)
    related = (("it takes the place of", found.replaced),) if found.replaced else ()
    return Problem(found.message, "", where, related, "warning")


def refuse_means(part: Part, below: PolicySet) -> Iterator[Problem]:
    """The errors of tables and plugins that could tell the facts on which a final policy is judged."""
    finals = [policy for policy in below.policies if policy.id in below.final]
    layer = part.layer
    tables = layer.root.get("tables")
    for name, (key, _) in tables.entries.items() if isinstance(tables, Mapping) else ():
        concerned = [policy.id for policy in finals if name in list_tables(list_read(policy))]
        if concerned:
            yield refuse_final(f"the table `{name}` changes what is known", key.location(layer.file), concerned, below)
    for plugin, location, told in part.told:
        concerned = [policy.id for policy in finals if told & list_inputs(policy) or (told and compares(policy))]
        if concerned:
            yield refuse_final(f"the plugin `{plugin}` can change what is known", location, concerned, below)


def check_server(part: Part, below: PolicySet) -> Iterator[Problem]:
    """The error of a tracking server that could tell the facts of a final policy, else the warning of another one."""
    setting = next((setting for setting in part.settings if setting.place == ("evidence", "mlflow", "")), None)
    known = below.evidence.mlflow
    if setting is None or setting.value == known:
        return
    finals = [policy for policy in below.policies if policy.id in below.final]
    concerned = [policy.id for policy in finals if list_inputs(policy) & TOLD_BY_RUNS or compares(policy)]
    if concerned:
        yield refuse_final("another tracking server can change what is known", setting.location, concerned, below)
    elif known:
        message = f"runs are asked of another tracking server than `{known}`"
        yield warn_of_loosening(Loosening(message, setting.location, (), below.places.get(setting.place)))


def refuse_ledger(part: Part, below: PolicySet) -> Iterator[Problem]:
    """The error of a ledger in which somebody else could approve what a final policy holds."""
    setting = next((setting for setting in part.settings if setting.place == ("ledger", "url", "")), None)
    if setting is None:
        return
    concerned = [policy.id for policy in below.policies if policy.id in below.final and can_hold(below, policy)]
    if concerned:
        message = "a ledger of this policy set would decide who can approve what is held"
        yield refuse_final(message, setting.location, concerned, below)


def can_hold(policy_set: PolicySet, policy: Policy) -> bool:
    """Whether a gate holds for the policy, or the policy asks for an approval by itself."""
    effects = (ask(policy, gate) for gate in GATES for ask in (policy_set.effect_of, policy_set.unknown_effect_of))
    return "hold" in effects or any(path.startswith("approval.") for path in policy.paths)


def list_inputs(policy: Policy) -> frozenset[str]:
    """The facts that a policy reads, and those that they follow from."""
    wanted = set(list_read(policy))
    for derivation in reversed(DERIVATIONS):
        if wanted & {derivation.path, derivation.path.partition("[].")[0]}:
            wanted.update(path.partition("[].")[0] for path in derivation.inputs)
    return frozenset(wanted)


def list_read(policy: Policy) -> frozenset[str]:
    """The facts that a policy reads; for one about contradictions, also those that follow and can be stated too."""
    if not compares(policy):
        return policy.paths
    derived = {derivation.path for derivation in DERIVATIONS} & SCHEMA.fields.keys()
    return policy.paths.union(path for path in derived if SCHEMA.fields[path].writable)


def compares(policy: Policy) -> bool:
    """Whether the policy is about contradictions, which every observation can make, or make vanish."""
    return CONTRADICTIONS in policy.paths
