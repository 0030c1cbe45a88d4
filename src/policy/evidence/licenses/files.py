"""Files that may describe data or a model: read where they are regular, inside the root and not too large."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import confine
from policy.source.file import OPEN_FLAGS, read_bytes
from policy.source.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.source.limits import Limits

_HEAD = 64 * 1024


def read_described(
    root: str,
    file: str,
    is_one: Callable[[bytes], bool],
    problems: list[Problem],
    limits: Limits = DEFAULT_LIMITS,
) -> bytes | None:
    """The content of a file that is what is looked for; None where it is something else.

    One that is there and cannot be read is noted, since nobody would see that it is left out. Of a file above the
    limits the first bytes tell whether it is one.
    """
    if not os.path.lexists(os.path.join(root, file)):
        return None
    try:
        real = confine(root, file)
        if os.stat(real).st_size > limits.max_bytes and not is_one(_read_head(real)):
            return None
        data = read_bytes(real, file, limits)
    except PolicyError as error:
        fault = error.problems[0].message
    except OSError as error:
        fault = f"the file cannot be read: {error.strerror}"
    else:
        return data if is_one(data) else None
    message = f"what `{file}` says of licences is not known: {fault}"
    remedy = "put the file itself there, or state the licence in the manifest"
    problems.append(Problem(message, remedy, Location(file), level="warning"))
    return None


def _read_head(real: str) -> bytes:
    descriptor = os.open(real, OPEN_FLAGS)
    try:
        return os.read(descriptor, _HEAD)
    finally:
        os.close(descriptor)
