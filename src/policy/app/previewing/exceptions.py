"""The waivers and approvals that were recorded with decisions; most decisions have none, and are not looked into."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from policy.app.recording.replaying import check_payload
from policy.errors import PolicyError, Problem
from policy.model.recorded.exceptions import decode_approvals, decode_waivers, encode_approvals, encode_waivers
from policy.records.objects import Erased, store_json
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.approval import Approval
    from policy.model.waiver import Waiver
    from policy.records.ledger import Ledger
    from policy.records.objects import DecisionRow

NO_WAIVERS: Final = store_json("waivers", encode_waivers(())).digest
NO_APPROVALS: Final = store_json("approvals", encode_approvals(())).digest
# Keys are in order, so that a payload of this version has its inputs right behind its format.
_MARK: Final = b'"format":"policy-decision-record/1","inputs":'
_COMPLETE: Final = re.compile(rb'\{"actor":(?:null|"[a-z0-9-]{1,40}"),"complete":true,')
_KEPT: Final = 64


class Excepted(NamedTuple):
    """The waivers and approvals of a decision, their digests, and whether it follows from what was recorded."""

    waivers: tuple[Waiver, ...] = ()
    approvals: tuple[Approval, ...] = ()
    key: tuple[str, ...] = ()
    complete: bool = True


NOTHING: Final = Excepted()


class Exceptions:
    """Finds out which decisions may have had any, and reads theirs."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._subjects: set[str] = set()
        self._stakes: set[tuple[str, str]] = set()
        self._everything = False
        self._look_through()
        self.may_concern = lru_cache(maxsize=4096)(self._may_concern)
        self._waivers = lru_cache(maxsize=_KEPT)(self._read_waivers)
        self._approvals = lru_cache(maxsize=_KEPT)(self._read_approvals)

    def _look_through(self) -> None:
        """Note which projects and stakes any recorded exception is about."""
        query = (
            "SELECT digest, body, kind FROM objects WHERE kind IN ('waivers', 'approvals') AND digest > ?"
            " ORDER BY digest LIMIT 500"
        )
        last = ""
        while rows := self._ledger.read(query, (last,)):
            for digest, body, kind in rows:
                if digest not in (NO_WAIVERS, NO_APPROVALS):
                    self._note(kind, body)
            last = rows[-1][0]

    def _note(self, kind: str, body: bytes | None) -> None:
        try:
            document = json.loads(body or b"")
            if kind == "waivers":
                self._subjects.update(waiver.subject for waiver in decode_waivers(document))
            else:
                self._stakes.update((item.gate, item.stake) for item in decode_approvals(document))
        except (PolicyError, ValueError, RecursionError):
            # It may be about any of them; which cannot be judged is seen when it is read.
            self._everything = True

    def _may_concern(self, project: str, gate: str, stake: str) -> bool:
        """Whether a decision about a project, with this at stake, may have had waivers or approvals that counted."""
        if self._everything or (gate, stake) in self._stakes:
            return True
        return any(fnmatchcase(project, subject) for subject in self._subjects)

    def read(self, row: DecisionRow) -> Excepted:
        """Those of a decision. Raises PolicyError where they are not there, or of another format."""
        inputs, complete = self._read_inputs(row.seq)
        waivers, approvals = (str(inputs.get(kind)) for kind in ("waivers", "approvals"))
        key: tuple[str, ...] = (waivers,) if waivers != NO_WAIVERS else ()
        # Until when an approval counts is no matter of days.
        key += (approvals, row.time) if approvals != NO_APPROVALS else ()
        return Excepted(self._waivers(waivers), self._approvals(approvals), key, complete)

    def read_payload(self, seq: int) -> Any:
        """All that is recorded of a decision. Raises PolicyError."""
        payload = self._decode(self._read_record(seq), "record")
        check_payload(payload, "it")
        return payload

    def _read_inputs(self, seq: int) -> tuple[dict[str, Any], bool]:
        """The digests of a decision's inputs, without a look at what was decided where that can be left out."""
        body = self._read_record(seq)
        place = body.rfind(_MARK)
        if place >= 0 and _COMPLETE.match(body):
            text = body[place + len(_MARK) :].decode(errors="replace")
            with suppress(ValueError, RecursionError):
                inputs = json.JSONDecoder().raw_decode(text)[0]
                if type(inputs) is dict:
                    return inputs, True
        payload = self._decode(body, "record")
        check_payload(payload, "it")
        return payload["inputs"], payload["complete"]

    def _read_record(self, seq: int) -> bytes:
        entry = next(self._ledger.read_entries(seq, seq + 1), None)
        return hold_object(self._ledger.get_payload(entry) if entry is not None else None, "record")

    def _read_waivers(self, digest: str) -> tuple[Waiver, ...]:
        return () if digest == NO_WAIVERS else decode_waivers(self._load(digest, "waivers"))

    def _read_approvals(self, digest: str) -> tuple[Approval, ...]:
        return () if digest == NO_APPROVALS else decode_approvals(self._load(digest, "approvals"))

    def _load(self, digest: str, name: str) -> Any:
        return self._decode(self._read(digest, name), name)

    def _read(self, digest: str, name: str) -> bytes:
        return read_object(self._ledger, digest, name)

    def _decode(self, body: bytes, name: str) -> Any:
        return decode_json(body, name)


class Objects(Protocol):
    """Where recorded objects are."""

    def get_object(self, digest: str) -> bytes | Erased | None:
        """An object's bytes, what is left of it, or None."""


def read_object(objects: Objects, digest: str, name: str) -> bytes:
    """The bytes of an object. Raises PolicyError for one that is gone, in the same words for every decision."""
    return hold_object(objects.get_object(digest), name)


def hold_object(found: bytes | Erased | None, name: str) -> bytes:
    """What was found, if anything is left of it. Raises PolicyError."""
    if isinstance(found, Erased):
        raise PolicyError(Problem(f"the recorded {name} were erased" if name != "record" else "the record was erased"))
    if found is None:
        raise PolicyError(Problem(f"the recorded {name} are gone from the ledger, without an entry that says so"))
    return found


def decode_json(body: bytes, name: str) -> Any:
    """The value of an object. Raises PolicyError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise PolicyError(Problem(f"the recorded {name} are no JSON", "verify the ledger")) from None
