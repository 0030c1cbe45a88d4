"""What a policy set says about observing: how long and how much a collector may read, and whom it may ask."""

from __future__ import annotations

import re
from typing import Final

from policy.model.kinds import DURATION, LARGEST_INTEGER, Kind, KindError
from policy.structs import Record

# As disks and transfers are counted, and as memory is.
UNITS_BYTES: Final = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
# Compiled where it is used: few policy sets state a size.
_SIZE: Final = r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)"
_DESCENDING = sorted(UNITS_BYTES.items(), key=lambda unit: unit[1], reverse=True)


class SizeKind(Kind):
    """Whole bytes, written with a unit."""

    def read(self, text: str, plain: bool) -> int:
        remedy = f"write a number and its unit ({', '.join(UNITS_BYTES)}), such as 50 GB"
        match = re.fullmatch(_SIZE, text)
        if match is None or len(text) > 40:
            raise KindError(f"`{text[:40]}` is not a size", remedy)
        if match[2] not in UNITS_BYTES:
            raise KindError(f"`{match[2]}` is not a unit of size", remedy)
        whole, _, decimals = match[1].partition(".")
        size, rest = divmod(int(whole + decimals) * UNITS_BYTES[match[2]], 10 ** len(decimals))
        if rest or size > LARGEST_INTEGER:
            raise KindError(f"`{text}` is not a whole number of bytes up to 2^53", remedy)
        return int(size)

    def show(self, value: int) -> str:
        """In the largest unit that it is a whole number of."""
        number, unit = next((value // size, unit) for unit, size in _DESCENDING if value % size == 0)
        return f"{number:,} {unit}"

    def describe(self) -> str:
        return "a size, such as 50 GB"


SIZE: Final = SizeKind("size", ordered=True)


class EvidenceSettings(Record):
    """The limits of one collector on one subject, and the tracking server that runs are asked of.

    `time_limit` is in milliseconds. `size_limit` is in bytes, of one file and of what a compressed one expands to:
    a file that is larger is not read. `mlflow` is an http or https address without credentials, or empty.
    """

    time_limit: int = 600_000
    size_limit: int = 50 * 1000**3
    mlflow: str = ""

    def describe_time(self) -> str:
        """The time that is too short, and how to have more."""
        return f"{DURATION.show(self.time_limit)}; `evidence: {{time_limit: …}}` in the policy set raises the limit"

    def describe_size(self) -> str:
        """The size that is too small, and how to have more."""
        return f"{SIZE.show(self.size_limit)}; `evidence: {{size_limit: …}}` in the policy set raises the limit"


DEFAULT_EVIDENCE: Final = EvidenceSettings()
