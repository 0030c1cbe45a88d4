"""A training file read once, from its first line to its last, and judged by a provider's rules."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from policy.errors import Location
from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.json_text import LONGEST_VALUE, BrokenTextError
from policy.evidence.job_files.decoding import RowDecoder
from policy.evidence.job_files.fingerprints import MOST_KEPT
from policy.evidence.job_files.judgement import Judgement, Tally
from policy.evidence.job_files.lines import read_lines
from policy.evidence.job_files.oddities import find_oddities
from policy.evidence.job_files.providers import FEWEST_ROWS, FEWEST_USEFUL_ROWS
from policy.evidence.job_files.rows import CHAT, check_row, tell_kind
from policy.evidence.job_files.violations import Violation
from policy.evidence.job_files.whole_files import check_head, check_rows, check_size, find_pointer
from policy.model.costs.epochs import estimate_epochs
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.evidence.job_files.fingerprints import Fingerprints
    from policy.evidence.job_files.providers import Provider

_SPACE = b" \t\r\n"
_MOST_REASONS = 10
_ONE_A_LINE = "write one JSON object a line"


class Task(NamedTuple):
    """How a file is to be judged: for whom, as which kind (None: its first row tells) and in which part.

    A validation file needs no number of rows. Its rows are gathered in `gathered`; those of `excluded` must not
    occur in the file.
    """

    provider: Provider
    kind: str | None = None
    for_training: bool = True
    gathered: Fingerprints | None = None
    excluded: Fingerprints | None = None


def judge_file(path: str, shown: str, task: Task) -> Judgement:
    """Judge the file at `path`, whose name in problems is `shown`; OSError where it is no file or cannot be read."""
    with ByteStream(path) as stream:
        tally, head = Tally(shown), stream.peek()
        reading = _Reading(tally, task)
        pointer, whole = find_pointer(head), list(check_head(head, task.provider))
        tally.unread += [pointer] if pointer else []
        for violation in whole:
            tally.add(violation)
        if not pointer and not any(violation.level == "error" for violation in whole):
            reading.read_lines(stream)
        size, digest = stream.finish()
    for violation in check_size(size, task.provider):
        tally.add(violation)
    reading.end()
    return Judgement(
        shown,
        task.provider,
        reading.kind,
        reading.rows,
        size,
        digest,
        tuple(tally.findings),
        tally.errors,
        tally.warnings,
        tuple(tally.unread),
        tuple(reading.list_notes()),
    )


class _Reading:
    """Goes through the lines of one file."""

    def __init__(self, tally: Tally, task: Task) -> None:
        self._tally = tally
        self._task = task
        self._decoder = RowDecoder()
        self.kind = task.kind
        self.rows = 0
        self._whole = False
        # The first of the blank lines that came last, and how many they are.
        self._blank = (0, 0)

    def read_lines(self, stream: ByteStream) -> None:
        """Judge every line; stop at the first that shows that the file is not made of rows."""
        for number, line in read_lines(stream):
            if line is None:
                self._skip_long(number)
            elif not line or not line.strip(_SPACE):
                first, count = self._blank
                self._blank = (first or number, count + 1)
            elif not self._judge_line(line, number):
                return
        self._whole = True

    def _skip_long(self, number: int) -> None:
        self._end_blank()
        self.rows += 1
        reason = f"line {number} is longer than {LONGEST_VALUE // 1024**2} MiB and was not read"
        if len(self._tally.unread) < _MOST_REASONS:
            self._tally.unread.append(reason)

    def _judge_line(self, line: bytes, number: int) -> bool:
        """Judge a line that is not blank; whether to go on."""
        self._end_blank()
        self.rows += 1
        try:
            self._judge_row(line, number)
        except BrokenTextError as fault:
            return self._report_broken(fault, line)
        except RecursionError:
            # What can just be read may still be too deep to be compared or written.
            return self._report_broken(BrokenTextError("values are nested too deeply", number, 1), line)
        return True

    def _judge_row(self, line: bytes, number: int) -> None:
        row = self._decoder.read(line, number)
        self.kind = self.kind or tell_kind(row)
        found = check_row(row, self.kind or CHAT, self._task.provider)
        if self._decoder.is_odd:
            found = chain(found, find_oddities(line.decode()))
        self._tally.add_row(found, number, line, row)
        if self._task.gathered is not None:
            self._task.gathered.add(row, number)
        if self._task.excluded is not None:
            self._compare(row, number, self._task.excluded)

    def _report_broken(self, fault: BrokenTextError, line: bytes) -> bool:
        if self.rows == 1 and line.strip(_SPACE) in (b"[", b"{"):
            message = "the file is one JSON value over several lines, not one row a line"
            self._tally.add(Violation("format", message, _ONE_A_LINE), fault.line)
            self.rows = 0
            return False
        message = f"the line is not one JSON value: {fault.message}"
        self._tally.add(Violation("broken-line", message, _ONE_A_LINE), fault.line, fault.column)
        return True

    def _end_blank(self) -> None:
        """Blank lines between rows are no rows; the provider's published checks fail on them."""
        first, count = self._blank
        if count:
            shown = "the line is blank" if count == 1 else f"{count:,} lines are blank from here on"
            self._tally.add(Violation("blank-line", shown, "remove blank lines"), first)
            self._blank = (0, 0)

    def _compare(self, row: Any, number: int, excluded: Fingerprints) -> None:
        """Validation must not overlap training (recalled)."""
        line = excluded.find(row)
        if line is not None:
            related = (("the same row for validation", Location(excluded.file, line)),)
            message = "the row is in the validation file too, so validation would measure what was learned by heart"
            self._tally.add(Violation("overlap", message, "keep the row in one of the files"), number, related=related)

    def end(self) -> None:
        """Judge what can be told only when all lines are read."""
        first, count = self._blank
        if count and self.rows:
            message = "the file ends with blank lines"
            self._tally.add(Violation("blank-line", message, "remove them", level="warning"), first)
        if self._task.excluded is not None and self._task.excluded.is_full:
            self._tally.unread.append(f"rows after {MOST_KEPT:,} of the validation file were not compared")
        if self._whole:
            for violation in check_rows(self.rows, FEWEST_ROWS if self._task.for_training else 1):
                self._tally.add(violation)

    def list_notes(self) -> list[str]:
        """What is no violation and worth knowing."""
        if not (self._whole and self.rows and self._task.for_training):
            return []
        notes = []
        if FEWEST_ROWS <= self.rows < FEWEST_USEFUL_ROWS:
            notes.append(f"improvements are seen from {FEWEST_USEFUL_ROWS} examples on")
        if self._task.provider.tells_epochs:
            epochs = estimate_epochs(self.rows)
            notes.append(
                f"by default {self._task.provider.title} would train {epochs} epochs of {self.rows:,} examples"
            )
        return notes
