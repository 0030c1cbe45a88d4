"""What differs in the parts of two policy sets that are about no single policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.app.set_diff.actions import compare_ranks
from policy.app.set_diff.lines import compare_lines
from policy.app.set_view import Value, view_evidence, view_mlflow
from policy.app.trusted.comparison import describe_fields
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.kinds import DURATION
from policy.model.set_changes import UNCLEAR, both, make_change, point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.set_diff.halves import Whole
    from policy.model.policy import PolicySet
    from policy.model.set_changes import Change, Pair
    from policy.model.waiver_entry import WaiverRules

UNSAID: Final = Value(None)


def compare_settings(pair: Pair[Whole]) -> Iterator[Change]:
    """Every difference, by the key that it has in a policy set."""
    sets = both(lambda whole: whole.policy_set, pair)
    yield from _compare_gates(pair)
    yield from _compare_keyed("fields", both(_describe_fields, sets))
    yield from _compare_keyed("tables", both(_describe_tables, sets))
    yield from _compare_keyed("plugins", both(lambda known: dict.fromkeys(known.plugins, "named"), sets))
    yield from _compare_evidence(pair)
    rules = both(_list_rules, sets)
    if rules[0] != rules[1]:
        texts = both(lambda lines: "; ".join(lines) or None, rules)
        yield make_change("waiver_rules", texts, UNCLEAR, lines=compare_lines(*rules))
    trusted = both(_say_trusted, sets)
    if trusted[0] != trusted[1]:
        yield make_change("trusted", trusted, UNCLEAR)
    ledgers = both(_say_ledger, sets)
    if ledgers[0] != ledgers[1]:
        yield make_change("ledger", ledgers, UNCLEAR)
    approvals = both(_say_approvals, sets)
    if approvals[0] != approvals[1]:
        yield make_change("approvals", approvals, UNCLEAR)
    yield from _compare_mlflow(pair)


def _compare_gates(pair: Pair[Whole]) -> Iterator[Change]:
    for gate in GATES:
        yield from _compare_gate(gate, "mode", MODES, pair)
        yield from _compare_gate(gate, "on_error", EFFECTS, pair)


def _compare_gate(gate: str, key: str, words: tuple[str, ...], pair: Pair[Whole]) -> Iterator[Change]:
    values = both(lambda whole: str(getattr(whole.policy_set.gate(gate), key)), pair)
    if values[0] != values[1]:
        direction = point(compare_ranks(*both(words.index, values)))
        places = both(lambda whole: whole.locate("gates", gate, key), pair)
        yield make_change(f"gates.{gate}.{key}", values, direction, places=places)


def _compare_keyed(section: str, described: Pair[Mapping[str, str]]) -> Iterator[Change]:
    """What one has and the other has not, or otherwise. What that does to anybody cannot be told in general."""
    old, new = described
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield make_change(f"{section}.{name}", (old.get(name), new.get(name)), UNCLEAR)


def _describe_fields(policy_set: PolicySet) -> dict[str, str]:
    described = {}
    for path, (kind, about, writable, derived) in describe_fields(policy_set).items():
        notes = [*([] if writable else ["not for manifests"]), *(["derived"] if derived else [])]
        described[path] = f"{about} ({'; '.join([str(kind), *notes])})"
    return described


def _describe_tables(policy_set: PolicySet) -> dict[str, str]:
    return {name: f"content {table.digest}" for name, table in policy_set.tables.by_name.items()}


def _compare_evidence(pair: Pair[Whole]) -> Iterator[Change]:
    old, new = both(lambda whole: view_evidence(whole.policy_set), pair)
    for name, before in old.items():
        values = before.value, new[name].value
        if values[0] != values[1]:
            places = pair[0].show(before.place), pair[1].show(new[name].place)
            yield make_change(f"evidence.{name}", values, UNCLEAR, places=places)


def _compare_mlflow(pair: Pair[Whole]) -> Iterator[Change]:
    """Which experiments of an MLflow server are governed, and how; their order counts, so that they are numbered."""
    views = both(lambda whole: view_mlflow(whole.policy_set), pair)
    for name in dict.fromkeys((*views[0], *views[1])):
        old, new = views[0].get(name, UNSAID), views[1].get(name, UNSAID)
        if old.value != new.value:
            places = pair[0].show(old.place), pair[1].show(new.place)
            yield make_change(f"mlflow.{name}", (old.value, new.value), UNCLEAR, places=places)


def _list_rules(policy_set: PolicySet) -> list[str]:
    """Who may approve what and for how long, a line each, file by file."""
    found = policy_set.waiving.rules if policy_set.waiving else ()
    return [line for rules in found for line in _describe_rules(rules)]


def _describe_rules(rules: WaiverRules) -> Iterator[str]:
    for policy, names in sorted((rules.approvers or {}).items()):
        yield f"approvers of {policy}: {', '.join(names) or 'nobody'}"
    for name, days in (("longest", rules.longest), ("warn_before", rules.warn_before)):
        if days is not None:
            yield f"{name}: {days} days"
    if rules.protected:
        yield f"protected: {', '.join(sorted(rules.protected))}"


def _say_ledger(policy_set: PolicySet) -> str | None:
    said = policy_set.ledger
    if said is None:
        # One that was made without a file may have no more than a word for it.
        return "yes" if policy_set.has_ledger else None
    return f"{said.url}, for {', '.join(said.gates)}{f', spool {said.spool}' if said.spool else ''}"


def _say_approvals(policy_set: PolicySet) -> str | None:
    said = policy_set.approvals
    if said is None:
        return None
    groups = [f"{role}: {', '.join(names)}" for role, names in (*said.roles.items(), *said.people.items())]
    rules = [
        f"{rule.quorum} of {' or '.join(rule.roles) or 'anybody'} for"
        f" {', '.join((*rule.policies, *rule.gates, *rule.projects)) or 'all'},"
        f" {DURATION.show(rule.lasts) if rule.lasts else 'any length'}, {rule.runs or 'any'} runs"
        for rule in said.rules
    ]
    lengths = f"{DURATION.show(said.request_lasts)} to decide, {DURATION.show(said.approval_lasts)} in force"
    glass = f"broken by {' or '.join(said.override_roles) or 'nobody'}, {DURATION.show(said.override_lasts)}"
    return "; ".join((*groups, *rules, lengths, glass))


def _say_trusted(policy_set: PolicySet) -> str | None:
    trusted = policy_set.waiving.trusted if policy_set.waiving else None
    if trusted is None:
        return None
    return f"{trusted.revision or 'no revision'}{', guarded by code owners' if trusted.code_owners else ''}"
