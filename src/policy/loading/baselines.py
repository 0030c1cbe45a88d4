"""The file of a baseline, `policy-baseline/1`: read with every doubt, for whoever proposes a change may edit it."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from datetime import date
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Final

from policy.errors import Location, PolicyError, Problem
from policy.model.baseline import BASELINE_GATES, Baseline, BaselineEntry
from policy.model.fingerprint import CONTRADICTION, make_fingerprint
from policy.model.gates import EFFECTS, SEVERITIES
from policy.source.encoding import decode
from policy.source.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FORMAT: Final = "policy-baseline/1"
HEAD: Final = ("format", "policy_sets", "findings")
# 5,000 projects with a dozen findings each are half of it.
LIMITS: Final = Limits(max_bytes=64 << 20)
OUTCOMES: Final = ("fail", "unknown", "error", "contradiction")
DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
MARK: Final = re.compile(r"[0-9a-f]{64}")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ANEW: Final = "record it anew with `policy baseline`"
# Of the keys of one object that are not known.
MOST_NAMED: Final = 20
WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?')
BY_HAND: Final = f"take the entry out, or {ANEW}: entries are not written by hand"


class Table(dict[str, Any]):
    """An object of the file: which one it is, counted by their ends, and the keys that stand in it twice."""

    def __init__(self, pairs: list[tuple[str, Any]], position: int) -> None:
        super().__init__(pairs)
        self.position = position
        times = Counter(key for key, _ in pairs) if len(self) < len(pairs) else {}
        self.twins = [key for key, number in times.items() if number > 1]


def read_baseline(data: bytes, file: str) -> Baseline:
    """The baseline that a file holds. Raises PolicyError with everything that is wrong with it."""
    text = decode(data, file, LIMITS)
    return BaselineReader(text, file).read()


class BaselineReader:
    """Reads one file; collects problems."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.problems: list[Problem] = []
        self._places: Places | None = None

    def read(self) -> Baseline:
        """The baseline. Raises PolicyError."""
        root = self._parse()
        if not isinstance(root, Table):
            raise PolicyError(Problem("the baseline is not a JSON object", ANEW, Location(self.file)))
        self._check_format(root)
        policy_sets = self._read_policy_sets(root)
        listed = root.get("findings")
        if not isinstance(listed, list):
            self._refuse(root, "findings", "the baseline has no list of `findings`", ANEW)
            listed = []
        entries = [entry for item in listed if (entry := self._read_entry(item, root)) is not None]
        if self.problems:
            raise PolicyError(*self.problems)
        return Baseline(self.file, tuple(entries), policy_sets)

    def _parse(self) -> Any:
        position = count()
        try:
            return json.loads(
                self.text,
                object_pairs_hook=lambda pairs: Table(pairs, next(position)),
                parse_constant=_refuse_constant,
            )
        except json.JSONDecodeError as error:
            place = Location(self.file, error.lineno, error.colno, error.lineno, error.colno + 1)
            message = f"the baseline is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            raise PolicyError(Problem(message, f"correct it, or {ANEW}", place)) from None
        except RecursionError:
            raise PolicyError(Problem("the baseline is nested too deeply", ANEW, Location(self.file))) from None
        except ValueError as error:
            raise PolicyError(Problem(f"the baseline is not JSON: {error}", ANEW, Location(self.file))) from None

    def _check_format(self, root: Table) -> None:
        found = root.get("format")
        if found != FORMAT:
            shown = f"is `{found[:60]}`" if isinstance(found, str) else "is not said"
            message = f"the format of the baseline {shown}; this version reads {FORMAT}"
            # What another version writes cannot be checked by this one's rules.
            self._refuse(root, "format", message, f"use the version that wrote it, or {ANEW}")
            raise PolicyError(*self.problems)
        self._check_keys(root, HEAD, "a baseline")

    def _read_policy_sets(self, root: Table) -> tuple[tuple[str, str], ...]:
        found = root.get("policy_sets")
        if not isinstance(found, Table) or found.twins or not all(_is_digest(*pair) for pair in found.items()):
            message = "`policy_sets` is not a digest for each gate at which findings were recorded"
            self._refuse(root, "policy_sets", message, ANEW)
            return ()
        return tuple(sorted(found.items()))

    def _read_entry(self, item: Any, root: Table) -> BaselineEntry | None:
        if not isinstance(item, Table):
            self._refuse(root, "findings", "a finding of the baseline is not a JSON object", BY_HAND)
            return None
        before = len(self.problems)
        self._check_keys(item, BaselineEntry._fields, "a finding")
        for name, (is_right, wanted) in CHECKS.items():
            if name not in item:
                self._refuse(item, "", f"the finding has no `{name}`", BY_HAND)
            elif not is_right(item[name]):
                self._refuse(item, name, f"`{name}` is not {wanted}", BY_HAND)
        if len(self.problems) > before:
            return None
        entry = _make_entry(item)
        if entry.fingerprint != mark_entry(entry):
            message = f"the fingerprint does not belong to what the entry says of `{entry.policy[:100]}`"
            self._refuse(item, "fingerprint", message, BY_HAND)
            return None
        return entry

    def _check_keys(self, item: Table, known: tuple[str, ...], what: str) -> None:
        for name in item.twins:
            self._refuse(item, name, f"the key `{name[:100]}` stands there twice", "leave one out")
        strange = [name for name in item if name not in known]
        for name in strange[:MOST_NAMED]:
            self._refuse(item, name, f"`{name[:100]}` is no key of {what}", _suggest(name[:100], known))
        if len(strange) > MOST_NAMED:
            message = f"{len(strange) - MOST_NAMED:,} more keys are no keys of {what}"
            self._refuse(item, strange[MOST_NAMED], message, BY_HAND)

    def _refuse(self, item: Table, key: str, message: str, remedy: str) -> None:
        self._places = self._places or Places(self.text, self.file)
        self.problems.append(Problem(message, remedy, self._places.find(item.position, key)))


class Places:
    """Where the objects of a JSON text stand; looked up only where one is at fault."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._starts = list(_find_objects(text))
        self._lines = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
        self._keys: dict[int, dict[str, int]] = {}

    def find(self, position: int, key: str) -> Location:
        """The key of an object, counted by their ends; its beginning for a key that it does not have."""
        if position >= len(self._starts):
            return Location(self.file)
        if position not in self._keys:
            words = WORD.finditer(self.text, *self._starts[position])
            self._keys[position] = {word[1]: word.start() for word in words if word[2]}
        written = json.dumps(key, ensure_ascii=False)[1:-1]
        at = self._keys[position].get(written, self._starts[position][0])
        length = len(written) + 2 if written in self._keys[position] else 1
        line = bisect_right(self._lines, at)
        column = at - self._lines[line - 1] + 1
        return Location(self.file, line, column, line, column + length)


def mark_entry(entry: BaselineEntry) -> str:
    """The fingerprint that belongs to what an entry says."""
    values: tuple[Any, ...] = entry.values
    if entry.policy == CONTRADICTION and len(values) == 2 and values[0][0] == values[1][0]:
        values = (values[0][0], values[0][1], values[1][1])
    return make_fingerprint(entry.policy, entry.project, entry.traits, entry.outcome, values)


def _find_objects(text: str) -> Iterator[tuple[int, int]]:
    """Beginning and end of every object, in the order of their ends, as the reader counts them."""
    from json import decoder, scanner

    found: list[tuple[int, int]] = []
    reader: Any = decoder.JSONDecoder()

    def parse_object(state: tuple[str, int], *rest: Any) -> Any:
        value, end = decoder.JSONObject(state, *rest)  # type: ignore[attr-defined]
        found.append((state[1] - 1, end))
        return value, end

    reader.parse_object = parse_object
    reader.scan_once = scanner.py_make_scanner(reader)  # type: ignore[attr-defined]
    try:
        reader.decode(text)
    except RecursionError:
        return
    yield from found


def _make_entry(item: Mapping[str, Any]) -> BaselineEntry:
    changed = {name: tuple((field, value) for field, value in item[name]) for name in ("traits", "values")}
    return BaselineEntry(**{**item, **changed, "since": date.fromisoformat(item["since"])})


def _suggest(name: str, known: tuple[str, ...]) -> str:
    from policy.source.suggestion import nearest

    close = nearest(name, known)
    return f"write `{close}`" if close else BY_HAND


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")


def _is_digest(gate: str, digest: Any) -> bool:
    return gate in BASELINE_GATES and isinstance(digest, str) and DIGEST.fullmatch(digest) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_optional_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in value
    )


def _is_day(value: Any) -> bool:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_mark(value: Any) -> bool:
    return isinstance(value, str) and MARK.fullmatch(value) is not None


def _is_one_of(*words: str | None) -> Callable[[Any], bool]:
    return lambda value: (value is None or isinstance(value, str)) and value in words


CHECKS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "policy": (_is_text, "the id of a policy"),
    "project": (_is_optional_text, "the name of a project, or null for what no manifest names"),
    "subject": (_is_optional_text, "the path of a file, or null"),
    "gate": (_is_one_of(*BASELINE_GATES), f"one of {', '.join(BASELINE_GATES)}"),
    "outcome": (_is_one_of(*OUTCOMES), f"one of {', '.join(OUTCOMES)}"),
    "effect": (_is_one_of(None, *EFFECTS), f"null or one of {', '.join(EFFECTS)}"),
    "severity": (_is_one_of(None, *SEVERITIES), f"null or one of {', '.join(SEVERITIES)}"),
    "traits": (_is_pairs, "a list of pairs of field and value"),
    "values": (_is_pairs, "a list of pairs of field and value"),
    "fingerprint": (_is_mark, "a fingerprint: 64 hexadecimal digits"),
    "since": (_is_day, "a day, such as 2026-11-20"),
}
