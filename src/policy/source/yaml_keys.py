"""The keys of a YAML mapping: single values, each given once, merged from elsewhere where that is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import Problem
from policy.source.display import quote_name
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from policy.source.node import Node

    Entries = dict[str, tuple[Scalar, Node]]

_MERGE = "<<"


class KeyReader:
    """Makes entries of a mapping's keys and values; what is wrong with them goes to `problems`."""

    def __init__(self, file: str, problems: list[Problem], *, merge: bool) -> None:
        self._file = file
        self._problems = problems
        self._merge = merge

    def read_entries(self, children: list[Any]) -> Entries:
        """Entries of a mapping whose keys and values take turns in `children`."""
        pairs = iter(children)
        try:
            entries = {key.text: (key, value) for key, value in zip(pairs, pairs, strict=True)}
        except AttributeError:  # a key without text: to ask each for its type would cost every honest file
            return self.read_entries(self._without_collections(children))
        if len(entries) * 2 != len(children):
            self._report_duplicates(children)
        if "" in entries and entries[""][0].plain:
            self._report(entries[""][0], "there is no key before `:`", "write the key, or remove the line")
        if _MERGE in entries and entries[_MERGE][0].plain:
            self._merge_entries(entries)
        return entries

    def _report(self, node: Node, message: str, remedy: str) -> None:
        self._problems.append(Problem(message, remedy, node.location(self._file)))

    def _without_collections(self, children: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if isinstance(key, Scalar):
                kept += (key, value)
            else:
                kind = "list" if isinstance(key, Sequence) else "mapping"
                remedy = "write the key as plain text; put quotes around a template such as `{{ name }}`"
                self._report(key, f"a {kind} cannot be a key", remedy)
        return kept

    def _report_duplicates(self, children: list[Any]) -> None:
        first: dict[str, Scalar] = {}
        for key in children[::2]:
            if (earlier := first.setdefault(key.text, key)) is not key:
                related = (("first given here", earlier.location(self._file)),)
                message = f"the key {quote_name(key.text)} is given twice"
                self._problems.append(Problem(message, "keep one of them", key.location(self._file), related))

    def _merge_entries(self, entries: Entries) -> None:
        """YAML 1.1's merge: what the mapping itself says wins, then what is named first."""
        if not self._merge:
            remedy = "write the merged keys out"
            self._report(entries[_MERGE][0], "the merge key `<<` is not supported here", remedy)
            return
        merged = entries.pop(_MERGE)[1]
        for source in merged.items if isinstance(merged, Sequence) else [merged]:
            if isinstance(source, Mapping):
                for name, entry in source.entries.items():
                    entries.setdefault(name, entry)
            else:
                message = "the merge key `<<` takes a mapping or a list of mappings"
                self._report(source, message, "name the anchor of a mapping")
