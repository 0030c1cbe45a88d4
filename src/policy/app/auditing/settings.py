"""Changes of the settings of MLflow servers, as the entries of a ledger tell them; and what is only watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.auditing.released import count_versions
from policy.model.audited_runs import SettingsChange
from policy.records.objects import digest_bytes
from policy.records.policy_sets import CHANGE
from policy.records.server_settings import ORIGIN, read_change, read_settings
from policy.records.settings_comparison import ADDED, EXPERIMENT_KEYS, GATES, list_gates, name_experiment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.auditing.recorded import Recorded

# By the entries, for a row that is missing has nothing to be found by.
_CHANGES: Final = (
    "SELECT e.seq, e.time, e.payload, p.body, s.name, s.origin, s.sources FROM entries e"
    " LEFT JOIN payloads p ON p.seq = e.seq LEFT JOIN policy_sets s ON s.seq = e.seq"
    " WHERE e.type = ? AND e.time < ? AND e.seq <= ? ORDER BY e.seq"
)
_RELEASED: Final = (
    "SELECT e.seq, e.payload, p.body FROM entries e LEFT JOIN payloads p ON p.seq = e.seq"
    " WHERE e.type = 'observed-release' AND e.time >= ? AND e.time < ? AND e.seq <= ? ORDER BY e.seq"
)
MODE: Final = "mode"
WEAKER: Final = {"observe": "is only observed", "flag": "is flagged, and nothing more"}
# On the first screen; all of them stand among the policy sets.
LOUD: Final = 5


class Settings:
    """What was in force at servers up to the end of a period; what is not what was recorded is kept as changed."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.changes: list[SettingsChange] = []
        # By server, the entry from which on its settings are in force, and their digest.
        self._last: dict[str, tuple[SettingsChange, str]] = {}
        for row in recorded.ledger.read(_CHANGES, (CHANGE, recorded.bounds.last, recorded.size)):
            self._read_entry(*row)

    def _read_entry(self, seq: int, time: str, digest: str, body: Any, server: Any, origin: Any, stored: Any) -> None:
        """Take one; of what is erased its row tells which settings were in force."""
        if body is None and origin == ORIGIN:
            self._last[str(server)] = _name_entry(str(server), time, seq, None), str(stored)
        if body is None:
            return
        said = read_settings(body) if isinstance(body, bytes) and digest_bytes(body) == digest else None
        change = read_change(said, seq) if said is not None else None
        if said is None or (change is not None and (server, stored) != (change[1].place.name, change[1].sources)):
            self.recorded.entries.changed.add(seq)
        elif change is not None:
            self._take(_name_entry(change[1].place.name, time, seq, said.get("source")), change[1].sources, said)

    def _take(self, first: SettingsChange, digest: str, said: Mapping[str, Any]) -> None:
        self._last[first.server] = first, digest
        changes = said.get("changes")
        for one in changes if isinstance(changes, list) else ():
            if isinstance(one, dict):
                self.changes += _read_change(first, one)

    def list_changes(self) -> tuple[SettingsChange, ...]:
        """Those of the period, in their order."""
        return tuple(one for one in self.changes if one.time >= self.recorded.bounds.first)

    def list_watched(self) -> Iterator[str]:
        """What is watched only at the end, or was in the period, with the entry that says so."""
        standing = list(self._list_standing())
        known = {(one.server, one.experiment, one.key, one.entry) for one in standing}
        over = [
            one
            for one in self.list_changes()
            if is_mode(one.key)
            and one.after in WEAKER
            and (one.server, one.experiment, one.key, one.entry) not in known
        ]
        yield from self._list_released()
        said = [*map(_say_mode, standing), *(f"{_say_mode(one)}, and no more at the end" for one in over)]
        yield from said[:LOUD]
        if len(said) > LOUD:
            yield f"{len(said) - LOUD:,} times more something is or was only watched: see the settings below"

    def _list_released(self) -> Iterator[str]:
        """How many versions were released in the period that would have been refused where something is enforced."""
        rows = self.recorded.ledger.read(_RELEASED, (*self.recorded.bounds, self.recorded.size))
        if rows:
            count = count_versions((digest, body) for _, digest, body in rows)
            passed = "1 version of a registered model" if count == 1 else f"{count:,} versions of registered models"
            entries = f"entry {rows[0][0]:,}" if len(rows) == 1 else f"{len(rows):,} entries from {rows[0][0]:,} on"
            yield f"{passed} passed that would have been refused, because nothing is enforced there ({entries})"

    def _list_standing(self) -> Iterator[SettingsChange]:
        """What is watched at the end, each with the last change of its mode, or else that of the settings."""
        switched = {(one.server, one.experiment, one.key): one for one in self.changes if is_mode(one.key)}
        for server, (last, digest) in sorted(self._last.items()):
            for name, key, mode in list_modes(self.recorded.read_document(digest)):
                if mode in WEAKER:
                    one = switched.get((server, name, key), last)
                    yield one if one.after == mode else last._replace(experiment=name, key=key, after=mode)


def list_modes(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The modes that settings name: of which experiment, none for a gate, under which key, and what it is."""
    found = document.get("experiments")
    for experiment in found if isinstance(found, list) else ():
        yield name_experiment(experiment), MODE, str(experiment.get(MODE))
    yield from (("", key, str(value)) for key, value in list_gates(document).items() if is_mode(key))


def is_mode(key: str) -> bool:
    """Whether a key of a change is about what is enforced."""
    return key == MODE or key.endswith(f".{MODE}")


def _name_entry(server: str, time: str, seq: int, source: Any) -> SettingsChange:
    """What all changes of an entry have in common."""
    known = source if isinstance(source, dict) else {}
    file, commit = (str(known.get(name) or "") for name in ("file", "commit"))
    return SettingsChange(server, time, seq, "", "", "", "", file, commit)


def _read_change(first: SettingsChange, said: dict[str, Any]) -> Iterator[SettingsChange]:
    """The change; of an experiment that is added its mode stands apart, for it says whether anything is enforced."""
    old, new = said.get("old"), said.get("new")
    one = first._replace(experiment=str(said.get("experiment") or ""), key=str(said.get("key")))
    before, after = say_value(old), say_value(new)
    if before != after:
        yield one._replace(before=before, after=after)
    if one.key == ADDED and isinstance(new, dict) and new.get(MODE):
        yield one._replace(key=MODE, after=say_value(new[MODE]))


def say_value(value: Any) -> str:
    """A value of a change in one line: of an experiment as a whole what it says of each key."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        keys = [*EXPERIMENT_KEYS, *sorted(value.keys() - set(EXPERIMENT_KEYS))]
        return "; ".join(f"{key}: {say_value(value[key])}" for key in keys if value.get(key))
    return str(value)


def _say_mode(one: SettingsChange) -> str:
    return (
        f"{_say_subject(one)} at the server {one.server} {WEAKER[one.after]} "
        f"since {one.time[:10]} (entry {one.entry:,})"
    )


def _say_subject(one: SettingsChange) -> str:
    """What a mode is about: an experiment, or a gate of a policy set, where it is a team's by its file."""
    if one.experiment:
        return f"what runs in `{one.experiment}`"
    file, _, gate = one.key.removeprefix(f"{GATES}.").removesuffix(f".{MODE}").rpartition(".")
    return f"what meets the gate `{gate}` of `{file}`" if file else f"what meets the gate `{gate}`"
