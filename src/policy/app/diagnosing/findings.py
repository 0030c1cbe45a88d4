"""What a look at one thing comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.source.masking import mask_passwords
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import PolicyError

OK, WARNING, ERROR = "ok", "warning", "error"


class Finding(NamedTuple):
    """What was looked at, how it stands (ok, warning, error), and what to do where it is not ok."""

    what: str
    level: str
    message: str
    remedy: str = ""


def tell_problems(what: str, error: PolicyError, level: str = ERROR) -> Iterator[Finding]:
    """Each problem as a finding."""
    for problem in error.problems:
        where = f"{problem.location}: " if problem.location is not None else ""
        yield Finding(what, level, mask_passwords(f"{where}{problem.message}"), mask_passwords(problem.remedy))
