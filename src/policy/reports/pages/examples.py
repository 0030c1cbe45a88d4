"""The cases of a policy that show best how it fails and how it passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.language.cases import DEFAULT_TIME
from policy.language.explanation import Explainer
from policy.language.interpreter import judge_policy
from policy.model.fact import ABSENT, Members
from policy.model.facts import Facts
from policy.model.kinds import BooleanKind, EnumKind, ListKind, MoneyKind, RecordsKind
from policy.model.policy import Case
from policy.model.schema import is_expression
from policy.reports.pages.manifest_text import write_value
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.kinds import Kind
    from policy.model.policy import Policy
    from policy.model.schema import Schema


UNTELLING = 99


class Example(NamedTuple):
    """A case that has the outcome that it is meant to have; `message` says why it is no pass."""

    case: Case
    message: str = ""


def find_examples(policy: Policy, params: Mapping[str, Any], schema: Schema) -> dict[str, Example]:
    """The plainest case that fails and the case that passes and is most like it, as parameters are set here."""
    found: dict[str, Example] = {}
    for outcome in ("fail", "pass"):
        like = found["fail"].case if "fail" in found else None
        ranked = sorted(
            (case for case in policy.cases if case.expect == outcome), key=lambda case: _rank(case, like, schema)
        )
        for case in ranked:
            example = judge_case(policy, {**params, **case.params}, case, schema)
            if example is not None:
                found[outcome] = strip_answers(example)
                break
    return found


def judge_case(policy: Policy, params: Mapping[str, Any], case: Case, schema: Schema) -> Example | None:
    """The case as an example; None where these parameters give it another outcome."""
    facts = Facts(case.claims, schema, unavailable=dict.fromkeys(case.timed_out, "timed out"))
    today = (case.at or DEFAULT_TIME).date()
    if judge_policy(policy, params, facts, today) != case.expect:
        return None
    return Example(case, Explainer(policy, params).explain(facts, today).message)


def strip_answers(example: Example) -> Example:
    """The example without what was computed from its facts, which nobody states."""
    case = example.case
    claims = tuple(fact for fact in case.claims if not is_expression(fact.path))
    if len(claims) == len(case.claims):
        return example
    return example._replace(case=Case(claims, case.expect, case.at, case.params, case.timed_out, case.location))


def _rank(case: Case, like: Case | None, schema: Schema) -> tuple[int, ...]:
    """Plain cases first: as they are judged here, like the other one, stated in a manifest, short."""
    odd = bool(case.params) + bool(case.timed_out)
    values = {(fact.path, fact.origin): fact.value for fact in case.claims}
    others = {(fact.path, fact.origin): fact.value for fact in like.claims} if like else values
    differing = len(values.keys() ^ others.keys())
    changed = sum(values[key] != others[key] for key in values.keys() & others.keys())
    unstated = sum(fact.origin != "declared" for fact in case.claims)
    length = sum(_measure(fact.value, schema.fields[fact.path].kind) for fact in case.claims)
    return odd, differing, changed, unstated, len(case.claims), length


def _measure(value: Any, kind: Kind) -> int:
    """How much there is to read in a value; of words that the schema gives, one is as short as another."""
    if isinstance(value, Members):
        if not isinstance(kind, RecordsKind):
            return sum(_measure(item, kind.of if isinstance(kind, ListKind) else kind) for item in value.items)
        kinds = {field.path: field.kind for field in kind.fields}
        return sum(_measure(fact.value, kinds[name]) for item in value.items for name, fact in item.items())
    if value is ABSENT or isinstance(kind, EnumKind | BooleanKind):
        return 1
    # No money is the same in every currency, and shows no limit.
    return UNTELLING if isinstance(kind, MoneyKind) and not value.amount else len(write_value(value, kind))
