"""How every subject stands at the end of the period, and the chain from requirements to evidence that this makes."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from policy.model.audit import RESULTS, ControlState, Link, PolicyNote, PolicyTally, ProjectState
from policy.model.frameworks import FRAMEWORKS, LABELS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from policy.app.auditing.tally import Subject, Tally
    from policy.model.audit import Latest

    Owner = tuple[str, str]

NO_OWNER: Final = ("", "")
# The worst first: what an auditor looks at.
WORST: Final = {
    word: place
    for place, word in enumerate(
        ("fail", "error", "unknown", "waived", "waived-unknown", "pass", "not-applicable", "not-evaluated")
    )
}
VERDICT_ORDER: Final = {"block": 0, "hold": 1, "flag": 2, "allow": 3}


class Standings:
    """The last result of each policy for each subject, at whichever gate it was."""

    def __init__(self, tally: Tally, owners: Mapping[Subject, Owner], notes: Mapping[str, PolicyNote]) -> None:
        self.tally = tally
        self.owners = owners
        self.notes = notes

    def list_projects(self) -> tuple[ProjectState, ...]:
        """Every subject, the worst verdict first."""
        made = [self._make_state(subject) for subject in self.tally.subjects]
        order = VERDICT_ORDER
        return tuple(sorted(made, key=lambda one: (order[one.latest.verdict], one.project, one.config)))

    def _make_state(self, subject: Subject) -> ProjectState:
        gates = self.tally.subjects[subject]
        gate, latest = max(gates.items(), key=lambda item: (item[1].time, item[1].entry, item[0]))
        team, contact = self.owners.get(subject, NO_OWNER)
        results = Counter(result for _, result, _, _ in self._list_last(gates))
        return ProjectState(*subject, team, contact, self.tally.decided[subject], gate, latest, results)

    def _list_last(self, gates: Mapping[str, Latest]) -> list[tuple[str, str, str, Latest]]:
        """Policy, result, gate and decision: of a policy that several gates judge, the last one."""
        last: dict[str, tuple[str, str, str, Latest]] = {}
        for gate, latest in sorted(gates.items(), key=lambda item: (item[1].time, item[1].entry, item[0])):
            for policy, result in zip(latest.policies, latest.results, strict=True):
                last[policy] = (policy, result, gate, latest)
        return list(last.values())

    def list_links(self) -> Iterator[Link]:
        """The chain, policy by policy, its failures first. Made anew each time: it is long."""
        for policy in self.list_policies():
            links = [self._make_link(subject, policy) for subject in self.tally.subjects]
            found = [link for link in links if link is not None]
            yield from sorted(found, key=lambda link: (WORST[link.result], link.project, link.config))

    def _make_link(self, subject: Subject, policy: str) -> Link | None:
        found: tuple[str, str, str, Latest] | None = None
        for gate, latest in self.tally.subjects[subject].items():
            result = _find_result(latest, policy)
            if result is not None and (found is None or (latest.time, latest.entry, gate) > _when(found)):
                found = (policy, result, gate, latest)
        if found is None:
            return None
        _, result, gate, latest = found
        team, contact = self.owners.get(subject, NO_OWNER)
        return Link(
            policy,
            *subject,
            gate,
            result,
            latest.evidence,
            latest.facts,
            team or contact,
            latest.time,
            latest.decision,
            latest.entry,
        )

    def count_links(self) -> int:
        """How long the chain is."""
        return sum(len({name for one in gates.values() for name in one.policies}) for gates in self._gates())

    def _gates(self) -> Collection[dict[str, Latest]]:
        return self.tally.subjects.values()

    def list_policies(self) -> list[str]:
        """Every policy that was judged."""
        return sorted({policy for policy, _ in self.tally.results})

    def tally_policies(self) -> tuple[PolicyTally, ...]:
        """The policies, those first that most subjects fail, or would but for a waiver."""
        results: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(RESULTS, 0))
        for (policy, result), count in self.tally.results.items():
            results[policy][result] += count
        last = self._count_last()
        made = [
            PolicyTally(
                self.notes.get(policy) or PolicyNote(policy), counts, last[policy]["fail"] + last[policy]["waived"]
            )
            for policy, counts in results.items()
        ]
        return tuple(
            sorted(made, key=lambda one: (-one.failing, -one.results["fail"], -one.results["unknown"], one.note.id))
        )

    def _count_last(self) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for gates in self._gates():
            for policy, result, _, _ in self._list_last(gates):
                counts[policy][result] += 1
        return counts

    def list_controls(self, in_force: Collection[str], wanted: Collection[str]) -> tuple[ControlState, ...]:
        """The requirements that policies name, or those shipped do, framework by framework."""
        served: dict[tuple[str, str], list[str]] = {}
        for policy in sorted({*in_force, *self.list_policies()}):
            for control in self.notes[policy].controls if policy in self.notes else ():
                served.setdefault(control, []).append(policy)
        # What no policy serves is a gap where the framework is in use at all.
        frameworks = {framework for framework, _ in served} | set(wanted)
        served |= {control: [] for control in LABELS if control[0] in frameworks and control not in served}
        last, evidence = self._count_last(), self._count_evidence(served)
        made = []
        for control in sorted(served, key=_order_control):
            if wanted and control[0] not in wanted:
                continue
            results: Counter[str] = Counter()
            for policy in served[control]:
                results.update(last[policy])
            policies = tuple(served[control])
            gap = "; ".join(find_gaps(policies, results, last))
            made.append(ControlState(*control, LABELS.get(control, ""), policies, results, evidence[control], gap))
        return tuple(made)

    def _count_evidence(self, served: Mapping[tuple[str, str], list[str]]) -> Counter[tuple[str, str]]:
        """How many different digests of evidence stand behind each requirement."""
        by_policy: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for control, policies in served.items():
            for policy in policies:
                by_policy[policy].append(control)
        digests: dict[tuple[str, str], set[str]] = defaultdict(set)
        for gates in self._gates():
            for policy, result, _, latest in self._list_last(gates):
                if result != "not-applicable":
                    for control in by_policy[policy]:
                        digests[control].add(latest.evidence)
        return Counter({control: len(found) for control, found in digests.items()})


def _find_result(latest: Latest, policy: str) -> str | None:
    try:
        return latest.results[latest.policies.index(policy)]
    except ValueError:
        return None


def _when(found: tuple[str, str, str, Latest]) -> tuple[str, int, str]:
    return found[3].time, found[3].entry, found[2]


def _order_control(control: tuple[str, str]) -> tuple[int, str, list[tuple[int, str]]]:
    """Frameworks in our order, then requirements with their numbers as numbers: 2.3 stands before 2.10."""
    import re

    known = list(FRAMEWORKS)
    place = known.index(control[0]) if control[0] in known else len(known)
    parts = re.findall(r"(\d{1,9})|([^\d]+|\d+)", control[1])
    return place, control[0], [(int(number) if number else -1, text) for number, text in parts]


def find_gaps(
    policies: Collection[str], results: Mapping[str, int], last: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """What keeps the evidence for a requirement from being whole."""
    if not policies:
        yield "no policy in force names it"
        return
    unused = sum(not sum(last.get(policy, {}).values()) for policy in policies)
    if unused == len(policies):
        yield "none of its policies was judged"
        return
    if unused:
        yield f"{unused} of {len(policies)} policies never judged"
    said = {"fail": "fail", "error": "errored", "unknown": "unknown", "waived": "waived", "waived-unknown": "waived"}
    counts: Counter[str] = Counter()
    for result, word in said.items():
        counts[word] += results.get(result, 0)
    yield from (f"{count:,} {word}" for word, count in counts.items() if count)
    if not any(results.get(word) for word in (*said, "pass")):
        yield "applied to nothing"
