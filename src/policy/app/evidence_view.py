"""Facts about one subject → all that there is to say of its evidence, with what policies miss."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.engine.judges import Judges
from policy.engine.recording import find_contradictions
from policy.engine.settling import say_settling
from policy.language.explanation import Explainer
from policy.language.phrases import join_words
from policy.model.derived.derivations import list_open_inputs
from policy.model.schema import is_expression
from policy.reports.evidence.entries import list_entries
from policy.reports.evidence.view import EvidenceView, Unknown
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from policy.model.facts import Facts
    from policy.model.policy import Policy, PolicySet
    from policy.model.schema import Field

# Only an approval tells them, and it is asked for after judging.
GIVEN_LATER = "approval."
# Of more than these, why the fact is not known names them, and how to settle it does not repeat them.
NAMED_INPUTS = 3


class Questions(NamedTuple):
    """The policies in force that have all their parameters, at whichever gate, and what judges and explains them."""

    policies: tuple[Policy, ...]
    judges: Judges
    explainers: tuple[Explainer, ...]


def view_evidence(policy_set: PolicySet, facts: Facts, today: date, *, everything: bool = False) -> EvidenceView:
    """All evidence about a subject; with `everything`, also what is not known and no policy asks for."""
    asking = _list_asking(_make_questions(policy_set), facts, today)
    unasked = [path for path in facts.schema.fields if path not in asking and _is_open(path, facts)]
    # What was sought in vain is worth knowing, whoever asks for it.
    others = [path for path in unasked if everything or path in facts.unavailable or path in facts.faults]
    shown: dict[str, tuple[Policy, ...]] = {**dict.fromkeys(others, ()), **asking}
    return EvidenceView(
        facts.subject,
        tuple(list_entries(facts)),
        tuple(find_contradictions(facts)),
        {path: reason for path, reason in sorted(facts.unavailable.items()) if path in facts.schema.fields},
        tuple(_describe(path, shown[path], facts) for path in facts.schema.fields if path in shown),
        len(unasked) - len(others),
    )


@lru_cache(maxsize=4)
def _make_questions(policy_set: PolicySet) -> Questions:
    pairs = [(policy, policy_set.values_for(policy)) for policy in policy_set.policies]
    ready = [(policy, values) for policy, values in pairs if all(spec.name in values for spec in policy.params)]
    ready.sort(key=lambda pair: pair[0].id)
    explainers = tuple(Explainer(policy, values) for policy, values in ready)
    return Questions(tuple(policy for policy, _ in ready), Judges(ready), explainers)


def _list_asking(questions: Questions, facts: Facts, today: date) -> dict[str, tuple[Policy, ...]]:
    """Per fact that is missing, the policies that turn on it here: unknown without it, or failing for want of it."""
    asking: dict[str, tuple[Policy, ...]] = {}
    for position, policy in enumerate(questions.policies):
        for path in _list_missing(questions, position, facts, today):
            asking[path] = (*asking.get(path, ()), policy)
    return asking


def _list_missing(questions: Questions, position: int, facts: Facts, today: date) -> Iterator[str]:
    policy = questions.policies[position]
    if not policy.paths.isdisjoint(facts.faults):
        return
    try:
        if questions.judges.judge(position, facts, today) in ("pass", "not-applicable"):
            return
        explained = questions.explainers[position].explain(facts, today)
    except Exception:  # noqa: BLE001 - a policy that errs says so where it is judged
        return
    unmet = [reason.field for reason in explained.reasons if reason.result != "true" and reason.actual is None]
    for path in dict.fromkeys((*explained.missing, *unmet)):
        known = path not in explained.missing and not _is_open(path, facts)
        if path in facts.schema.fields and not known and not path.startswith(GIVEN_LATER):
            yield path


def _is_open(path: str, facts: Facts) -> bool:
    is_field = path in facts.schema.fields and not is_expression(path)
    return is_field and path not in facts.judged and not path.startswith(GIVEN_LATER)


def _describe(path: str, policies: tuple[Policy, ...], facts: Facts) -> Unknown:
    field = facts.schema.fields[path]
    reason = facts.faults.get(path) or facts.unavailable.get(path, "")
    inputs = [] if path in facts.judged or field.writable else list_open_inputs(path, facts.judged)
    if inputs:
        named = join_words(inputs, "and") if len(inputs) <= NAMED_INPUTS else "what it follows from"
        settle = f"state {named} in the manifest, or supply the evidence that tells it"
    elif policies:
        settle = say_settling(policies[0], (path,), facts)[0].removesuffix(f" ({reason})")
    else:
        settle = _suggest(field)
    return Unknown(path, reason or _tell_why(field, policies, facts), settle, tuple(policy.id for policy in policies))


def _tell_why(field: Field, policies: tuple[Policy, ...], facts: Facts) -> str:
    """Why a fact is not known, where no collector says it."""
    path, known = field.path, facts.judged.get(field.path)
    if known is not None:
        proven = any(path in policy.observed for policy in policies) and path not in facts.proven
        return f"it is only {known.origin}" if proven else "what is known of it does not decide"
    if any(claim.path == path for claim in facts.claims):
        return "what was observed contradicts itself"
    inputs = list_open_inputs(path, facts.judged)
    if inputs:
        return f"it follows from {join_words(inputs, 'and')}, which {'is' if len(inputs) == 1 else 'are'} not known"
    if not field.writable:
        return "nothing told it"
    return "nobody states it, and nothing was observed" if field.evidence else "nobody states it"


def _suggest(field: Field) -> str:
    """How such a fact becomes known, where no policy asks for it."""
    if field.writable:
        return f"state {field.path} in the manifest: {field.about}"
    return f"{field.path} cannot be stated: {field.about}"
