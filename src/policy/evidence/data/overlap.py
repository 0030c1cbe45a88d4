"""Which evaluation rows the training data holds too: whole rows by their hash, passages by runs of words."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from policy.evidence.data.row_content import list_texts
from policy.plugins.metering import find_meter
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Runs of 13 words are what GPT-3 was checked for; phrases are shorter.
RUN = 13
# A row counts as held by the training data from this share of its words on (0.8 and 0.7 are in use for exact
# matching; runs of training text are taken in steps of 13, so up to 24 words at its edges can be missed).
ENOUGH = 0.5
# A run of words in so many evaluation rows is a template, such as a system prompt, and no sign of a leak.
TEMPLATE = 3
# Runs of evaluation text that are kept, 80 bytes each; of longer data every second row is kept, then every fourth …
MOST_RUNS = 512 * 1024
MOST_ROWS = 256 * 1024


class Overlap(NamedTuple):
    """Evaluation rows that were compared, and those that the training data holds; `sampled` where not all were."""

    rows: int
    held: int
    sampled: bool = False


class _Row(NamedTuple):
    digest: int
    # Runs of words in each text, by their first word.
    texts: tuple[array[int], ...]


class EvaluationRows:
    """The evaluation rows of a project, with which training rows are compared; its memory is bounded."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._seen = 0
        self._step = 1
        self._runs = 0
        self._wanted_rows: frozenset[int] = frozenset()
        self._wanted: frozenset[int] = frozenset()
        self._held_rows: set[int] = set()
        self._held: set[int] = set()

    def keep(self, digest: int, value: Any) -> None:
        """Keep an evaluation row, of which `digest` is the hash."""
        self._seen += 1
        if (self._seen - 1) % self._step:
            return
        row = _Row(digest, tuple(array("q", _list_runs(text)) for text in list_texts(value)))
        self._rows.append(row)
        self._runs += _count_runs(row)
        while len(self._rows) > 1 and (self._runs > MOST_RUNS or len(self._rows) > MOST_ROWS):
            del self._rows[1::2]
            self._step *= 2
            self._runs = sum(map(_count_runs, self._rows))

    def seal(self) -> None:
        """All evaluation rows are kept; what is compared with them comes next."""
        find_meter().check_time()
        self._wanted_rows = frozenset(row.digest for row in self._rows)
        self._wanted = frozenset(_drop_templates(self._rows))

    def compare(self, digest: int, value: Any) -> None:
        """Note what a training row, of which `digest` is the hash, shares with the evaluation rows."""
        if digest in self._wanted_rows:
            self._held_rows.add(digest)
        elif self._wanted:
            for text in list_texts(value):
                self._held.update(self._wanted.intersection(_list_steps(text)))

    def count(self) -> Overlap:
        """Count the rows that the training data holds."""
        find_meter().check_time()
        held = sum(self._is_held(row) for row in self._rows)
        return Overlap(len(self._rows), held, self._step > 1)

    def _is_held(self, row: _Row) -> bool:
        if row.digest in self._held_rows:
            return True
        words = covered = 0
        for runs in row.texts:
            if not runs:
                continue
            telling = [run in self._wanted for run in runs]
            words += _count_words(telling)
            covered += _count_words([told and run in self._held for told, run in zip(telling, runs, strict=True)])
        return words > 0 and covered >= ENOUGH * words


def _list_runs(text: str) -> Iterator[int]:
    """A hash of each run of words, one for every word that such a run begins with."""
    words = text.lower().split()
    return map(hash, zip(*(words[start:] for start in range(RUN)), strict=False))


def _list_steps(text: str) -> Iterator[int]:
    """A hash of each run of words that follows the one before: a thirteenth of the work."""
    words = iter(text.lower().split())
    return map(hash, zip(*[words] * RUN, strict=False))


def _count_runs(row: _Row) -> int:
    return sum(map(len, row.texts))


def _drop_templates(rows: Iterable[_Row]) -> Iterator[int]:
    """The runs that are in fewer than `TEMPLATE` rows with different content."""
    counts: dict[int, int] = {}
    distinct = {row.digest: row for row in rows}
    for row in distinct.values():
        for run in {run for runs in row.texts for run in runs}:
            counts[run] = counts.get(run, 0) + 1
    return (run for run, count in counts.items() if count < TEMPLATE)


def _count_words(marks: Iterable[bool]) -> int:
    """The words in runs that are marked; a run goes from its first word over the twelve that follow."""
    words = end = 0
    for index, marked in enumerate(marks):
        if marked:
            words += index + RUN - max(index, end)
            end = index + RUN
    return words
