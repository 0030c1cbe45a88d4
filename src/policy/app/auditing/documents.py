"""A decision's document, recorded by whichever version, → what the report counts of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from policy.model.audit import RESULTS
from policy.model.gates import VERDICTS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

FORMAT: Final = "policy-decision-record/1"
# Most decisions are like others; memory does not grow with those that are like none.
KEPT: Final = 1 << 16
# The engine's words for what a waiver kept back.
WAIVED_UNKNOWN: Final = "without the waiver: unknown"
_TEXTS: Final = ("id", "project", "gate", "time", "verdict", "policy_set", "evidence", "engine")
_SHORTEST_TIME: Final = len("2026-11-20T10:00:00Z")


class Row(NamedTuple):
    """A decision.

    `waived` are pairs of a policy and the day on which its waiver ends, `missing` pairs of fact and policy,
    `contradictions` field, declared, observed and source.
    """

    decision: str
    project: str
    config: str
    manifest: str
    gate: str
    time: str
    verdict: str
    policy_set: str
    evidence: str
    engine: str
    policies: tuple[str, ...]
    results: tuple[str, ...]
    waived: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    contradictions: tuple[tuple[str, str, str, str], ...]


class Reader:
    """Reads documents; lists of policies and results that come back are kept once."""

    def __init__(self, policies: Collection[str] = ()) -> None:
        self.policies = frozenset(policies)
        self._kept: dict[tuple[str, ...], tuple[str, ...]] = {}

    def read(self, document: Any) -> Row:
        """Raises ValueError for what is no decision, before anything of it counts."""
        try:
            return self._read(document)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("no decision") from error

    def _read(self, document: dict[str, Any]) -> Row:
        texts = [document[key] for key in _TEXTS]
        if not all(type(text) is str for text in texts) or texts[4] not in VERDICTS or not is_time(texts[3]):
            raise ValueError("no decision")
        policies, results, waived = [], [], []
        wanted = self.policies
        for outcome in document["outcomes"]:
            policy, result = outcome["policy"], outcome["outcome"]
            if wanted and policy not in wanted:
                continue
            if result == "waived":
                note = outcome["note"]
                result = "waived-unknown" if note.endswith(WAIVED_UNKNOWN) else result
                waived.append((policy, _read_end(note)))
            policies.append(policy)
            results.append(result)
        known = self._keep(tuple(policies)), self._keep(tuple(results), RESULTS)
        named, gate, time, verdict, policy_set, evidence, engine = texts[1:]
        return Row(
            texts[0],
            named,
            document.get("training_config") or "",
            document.get("manifest") or "",
            gate,
            time,
            verdict,
            policy_set,
            evidence,
            engine,
            *known,
            tuple(waived),
            tuple(self._list_missing(document["not_assessed"])) if document["not_assessed"] else (),
            tuple(map(_read_contradiction, document["contradictions"])),
        )

    def _keep(self, words: tuple[str, ...], known: Collection[str] = ()) -> tuple[str, ...]:
        """The words as they were kept first; new ones are looked at."""
        kept = self._kept.get(words)
        if kept is None:
            if not all(type(word) is str and (not known or word in known) for word in words):
                raise ValueError("no decision")
            if len(self._kept) >= KEPT:
                self._kept.clear()
            kept = self._kept[words] = words
        return kept

    def _list_missing(self, items: list[Any]) -> list[tuple[str, str]]:
        pairs = [
            (str(fact), str(item["policy"]))
            for item in items
            if not self.policies or item["policy"] in self.policies
            for fact in item["missing"]
        ]
        return list(dict.fromkeys(pairs))


def is_time(text: str) -> bool:
    """Whether it is a time as decisions have it, in UTC, so that texts sort as the times do."""
    if len(text) < _SHORTEST_TIME or not text.endswith("Z"):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _read_end(note: str) -> str:
    return note.partition("waived until ")[2].partition(";")[0]


def _read_contradiction(found: dict[str, Any]) -> tuple[str, str, str, str]:
    field, declared, observed, source = (str(found[key]) for key in ("field", "declared", "observed", "source"))
    return field, declared, observed, source
