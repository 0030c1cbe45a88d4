"""What a policy set says of approvals and of waivers, each value with the place in the layer that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.waiving import find_longest, list_approvers
from policy.model.approval_settings import DEFAULT_APPROVALS
from policy.model.kinds import DURATION
from policy.model.waiver_entry import WARNING_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.errors import Location
    from policy.model.approval_settings import ApprovalRule
    from policy.model.policy import PolicySet
    from policy.model.waiver_entry import WaiverRules, Waiving

    Said = Iterator[tuple[str, str | None, Location | None]]


def list_approval_values(policy_set: PolicySet) -> Said:
    """Who may approve what and for how long; nothing where no layer speaks of it and no ledger could hold it."""
    if policy_set.approvals is None and policy_set.ledger is None:
        return
    said = policy_set.approvals or DEFAULT_APPROVALS
    places = said.places
    for group, names in (("roles", said.roles), ("people", said.people)):
        for name, members in names.items():
            key = f"{group}.{name}"
            yield key, ", ".join(members), places.get(key)
    for number, rule in enumerate(said.rules):
        yield f"rules[{number}]", _describe_rule(rule), rule.location
    lengths = {"request_expires": said.request_lasts, "approval_expires": said.approval_lasts}
    for key, length in lengths.items():
        yield key, DURATION.show(length), places.get(key)
    yield "break_glass.roles", ", ".join(said.override_roles) or "nobody", places.get("break_glass.roles")
    yield "break_glass.longest", DURATION.show(said.override_lasts), places.get("break_glass.longest")


def _describe_rule(rule: ApprovalRule) -> str:
    words = {
        "policies": ", ".join(rule.policies),
        "gates": ", ".join(rule.gates),
        "projects": ", ".join(rule.projects),
        "roles": ", ".join(rule.roles) or "anybody",
        "quorum": str(rule.quorum),
        "expires": DURATION.show(rule.lasts) if rule.lasts is not None else "",
        "runs": str(rule.runs) if rule.runs is not None else "",
    }
    return "; ".join(f"{key} {text}" for key, text in words.items() if text)


def list_waiver_values(policy_set: PolicySet) -> Said:
    """Which files state waivers, who may grant them, and which revision shows that; nothing where none counts."""
    waiving = policy_set.waiving
    if waiving is None:
        return
    for number, (layer, file) in enumerate(waiving.files):
        yield f"files[{number}]", f"{file}, listed by {layer}", None
    yield from _list_rules(waiving)
    trusted = waiving.trusted
    if trusted is not None:
        yield "trusted.revision", trusted.revision or None, trusted.location
        yield "trusted.code_owners", "yes" if trusted.code_owners else "no", trusted.location


def _list_rules(waiving: Waiving) -> Said:
    """Every layer's rules hold at once: shown is what comes of them, and the layer that settles it."""
    rules = waiving.rules
    for name in dict.fromkeys(name for rule in rules for name in rule.approvers or ()):
        names = list_approvers(name, rules)
        said = [rule for rule in rules if name in (rule.approvers or ())]
        yield f"approvers.{name}", ", ".join(names) or "nobody", said[-1].location
    longest, soon = find_longest(rules), _find_soonest(rules)
    yield "longest", f"{longest}d", _locate(rules, lambda rule: rule.longest == longest)
    yield "warn_before", f"{soon}d", _locate(rules, lambda rule: rule.warn_before == soon)
    for name in sorted({name for rule in rules for name in rule.protected}):
        place = next(rule.location for rule in rules if name in rule.protected)
        yield f"protected.{name}", "nobody may waive it", place


def _find_soonest(rules: Sequence[WaiverRules]) -> int:
    return max((rule.warn_before for rule in rules if rule.warn_before is not None), default=WARNING_DAYS)


def _locate(rules: Sequence[WaiverRules], settles: Callable[[WaiverRules], bool]) -> Location | None:
    return next((rule.location for rule in rules if settles(rule)), None)
