"""Rows of Parquet files, from their footer and, where their content is asked for, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.data.compression import MissingLibraryError
from policy.evidence.data.json_text import BrokenTextError
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from policy.evidence.data.row_content import RowContent

MISSING = "pyarrow is not installed: `pip install 'tunegate[data]'`"
# A footer of a few bytes can promise any number of rows; the content is read only within these limits.
MOST_ROWS = 200_000_000
LARGEST_RATIO = 200
HARMLESS = 64 * 1024 * 1024
_BATCH = 256


class ParquetFile:
    """A Parquet file whose footer was read. Raises MissingLibraryError and BrokenTextError."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        try:
            from pyarrow import ArrowException, parquet
        except ImportError:
            raise MissingLibraryError(MISSING) from None
        self._faults: tuple[type[Exception], ...] = (ArrowException, OSError, ValueError, TypeError)
        self._size = size
        try:
            self._file = parquet.ParquetFile(file, memory_map=False, pre_buffer=False)
            groups = [self._file.metadata.row_group(index) for index in range(self._file.metadata.num_row_groups)]
            self.rows: int = self._file.metadata.num_rows
            self._content = sum(group.total_byte_size for group in groups)
            sound = self.rows == sum(group.num_rows for group in groups) and self.rows >= 0
        except self._faults as fault:
            raise BrokenTextError(_explain(fault), 1, 1) from None
        if not sound:
            raise BrokenTextError("its footer contradicts itself about the number of rows", 1, 1)

    def read_content(self, rows: RowContent) -> str:
        """Give all rows to `rows`; empty, or why they are not read. Raises BrokenTextError."""
        if excess := self.find_excess():
            return excess
        for row, size in self.list_rows():
            rows.take_value(row, size)
        return "" if rows.rows == self.rows else "its footer promises another number of rows than there are"

    def find_excess(self) -> str:
        """Why its content is not read, by what the footer promises; empty where it can be."""
        if self.rows > MOST_ROWS:
            return f"there are more than {MOST_ROWS:,} rows"
        if self._content > max(HARMLESS, self._size * LARGEST_RATIO):
            return f"its content is more than {LARGEST_RATIO} times as large as the file"
        excess = find_meter().find_excess(self._content)
        return f"its content is larger than {excess}" if excess else ""

    def list_rows(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Every row, and about how many bytes it takes. Raises BrokenTextError."""
        meter = find_meter()
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, use_threads=False):
                meter.check_time()
                size = max(batch.nbytes // max(batch.num_rows, 1), 1)
                for row in batch.to_pylist():
                    yield row, size
        except self._faults as fault:
            raise BrokenTextError(_explain(fault), 1, 1) from None


def _explain(fault: Exception) -> str:
    """What is wrong, without what the library quotes of the file."""
    kind = type(fault).__name__
    return f"the Parquet data is damaged or of a kind that is not read ({kind})"
