"""Policy → its mutants: the same policy with one small mistake in it, one for each that could have been made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.engine.coverage import ALWAYS_KNOWN
from policy.engine.mutation.places import Place, name_place, walk_places
from policy.engine.mutation.variants import settle_unknown, vary, vary_value
from policy.language.phrases import say_parameter
from policy.language.prose import describe_condition
from policy.language.vocabulary import PRESENT
from policy.model.condition import AllOf, Leaf, Parameter, walk
from policy.model.kinds import IntegerKind, ListKind
from policy.model.policy import ParameterSpec, Policy
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.model.condition import Condition
    from policy.model.kinds import Kind


class Mutant(NamedTuple):
    """A policy with one mistake. `id` names it for as long as that part of the policy stays as it is.

    `before` and `after` say in words what was changed; `after` is empty where something was left out.
    """

    id: str
    policy: Policy
    location: Location | None
    before: str
    after: str


def find_mutants(policy: Policy) -> Iterator[Mutant]:
    """Every mutant that differs from the policy and from those before it, in the order of the file."""
    seen = {identify(policy)}
    names: dict[str, int] = {}
    for mutant in list_mutants(policy):
        identity = identify(mutant.policy)
        if identity in seen:
            continue
        seen.add(identity)
        names[mutant.id] = number = names.get(mutant.id, 0) + 1
        yield mutant if number == 1 else mutant._replace(id=f"{mutant.id} ({number})")


def identify(policy: Policy) -> tuple[Any, ...]:
    """What of a policy can change an outcome."""
    return policy.when, policy.require, policy.params, policy.observed


def list_mutants(policy: Policy) -> Iterator[Mutant]:
    """Every mutant, some of them perhaps alike."""
    params = {spec.name: spec.default for spec in policy.params if spec.default is not None}
    for key, condition in (("when", policy.when), ("require", policy.require)):
        for place in walk_places(Place(key, condition, lambda new: new, AllOf(), ALWAYS_KNOWN)):
            for name, changed, after in change_place(place):
                yield Mutant(
                    id=name,
                    policy=replace(policy, **{key: place.put(changed)}),
                    location=locate(place.condition) or policy.location,
                    before=describe_condition(place.condition, params),
                    after=describe_condition(after, params) if after else "",
                )
    yield from _mutate_params(policy)
    yield from _mutate_observed(policy)


def change_place(place: Place) -> Iterator[tuple[str, Condition, Condition | None]]:
    """A name, what to put in this place, and what to call it in words; None where it is left out."""
    own = name_place(place)
    if place.condition == AllOf():
        return
    if place.neutral is not None:
        yield f"{own} dropped", place.neutral, None
    for variant in vary(place.condition, negatable=place.neutral is not None):
        part = f".{variant.part}" if variant.part else ""
        yield f"{own}{part} {variant.change}", variant.condition, variant.condition
    leaf = place.condition
    settled = isinstance(leaf, Leaf) and (leaf.test == PRESENT or is_expression(leaf.path))
    if isinstance(leaf, Leaf) and not settled and leaf.path not in place.known:
        for variant in settle_unknown(leaf):
            yield f"{own} {variant.change}", variant.condition, variant.condition


def replace(policy: Policy, **changes: Any) -> Policy:
    """The policy with other values for some of its fields."""
    return Policy(**{**{name: getattr(policy, name) for name in Policy._fields}, **changes})


def locate(condition: Condition) -> Location | None:
    """Where a condition is written: the place of the first test in it."""
    places = (getattr(part, "location", None) for part in walk(condition))
    return next((place for place in places if place is not None), None)


# What stands beside the conditions


def _mutate_params(policy: Policy) -> Iterator[Mutant]:
    for position, spec in enumerate(policy.params):
        if spec.default is None:
            continue
        for change, value in vary_value(spec.default, find_kind(policy, spec)):
            changed = ParameterSpec(spec.name, spec.kind, value, spec.about, spec.location)
            params = (*policy.params[:position], changed, *policy.params[position + 1 :])
            mutant = replace(policy, params=params)
            before, after = (f"{spec.name} is {say_default(each)}" for each in (spec, changed))
            yield Mutant(f"params.{spec.name} {change}", mutant, spec.location or policy.location, before, after)


def find_kind(policy: Policy, spec: ParameterSpec) -> Kind:
    """The kind that the parameter is compared with: a bound on whole numbers may be a fraction, and moves by 1."""
    tests = [part for part in (*walk(policy.when), *walk(policy.require)) if isinstance(part, Leaf)]
    kinds = [test.kind for test in tests if test.operand == Parameter(spec.name)]
    whole = bool(kinds) and all(isinstance(kind, IntegerKind) for kind in kinds)
    return kinds[0] if whole and not isinstance(spec.kind, ListKind) else spec.kind


def say_default(spec: ParameterSpec) -> str:
    """The default of a parameter in words."""
    return say_parameter(spec.kind, spec.default)


def _mutate_observed(policy: Policy) -> Iterator[Mutant]:
    for path in sorted(policy.observed):
        mutant = replace(policy, observed=policy.observed - {path})
        words = f"of {path}, only what is observed or attested counts"
        yield Mutant(f"observed without {path}", mutant, policy.location, words, "")
