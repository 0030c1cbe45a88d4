"""Scripts and notebooks → the calls in them that start a fine-tuning; a file without their words is not parsed."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from policy.app.manifests import refuse_name
from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import UnreadablePathError, confine
from policy.evidence.source.marks import make_marks, select_calls
from policy.loading.file_listing import is_there
from policy.plugins.contracts import ConfigFacts
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

    from policy.app.workspace import Workspace
    from policy.evidence.source.marks import CallMarks

MEND = "mend it, or let .gitignore name it if it is no part of the project"
# A source of a megabyte takes about a hundred in memory once it is parsed. What notebooks have shown makes them large;
# reading one of this size takes some seconds.
MOST_SOURCE, MOST_NOTEBOOK = 1 << 20, 32 << 20
_CHUNK = 1 << 20


class FoundCalls(NamedTuple):
    """The SHA-256 of a script that starts a training, and what its calls tell."""

    digest: str
    told: ConfigFacts


def read_calls(workspace: Workspace, file: str, problems: list[Problem], *, named: bool = False) -> FoundCalls | None:
    """What the calls in a script tell, or None where none is known to start a training.

    What holds the words of such a call and cannot be read or parsed is a warning: nobody can tell. Links are followed
    inside the root only; with `named`, also those of the folders on the way.
    """
    marks = make_marks(tuple(workspace.registry.training_calls()))
    try:
        data = _read_file(workspace.root, file, marks, confined=named)
        known = select_calls(data, marks)
        if not known:
            return None
        # What parses Python is imported where there is a source to parse, which most repositories never have.
        from policy.evidence.source.scripts import read_script
        from policy.evidence.source.telling import tell_calls

        calls, faults = read_script(data, file, known, marks)
        problems += [
            _doubt(f"cannot be parsed: {fault.message}", Location(file, fault.line, fault.column)) for fault in faults
        ]
        if not calls:
            return None
        refuse_name(file)
    except PolicyError as error:
        problems += error.problems
        return None
    digest = sha256(data).hexdigest()
    return FoundCalls(digest, ConfigFacts(tell_calls(calls, file, digest)))


def _read_file(root: str, file: str, marks: CallMarks, *, confined: bool) -> bytes:
    """The bytes of the file; empty for what is no file, or is too large and has none of the words.

    Raises PolicyError, all warnings.
    """
    path = os.path.join(root, file)
    try:
        if confined or os.path.islink(path):
            path = confine(root, file)
        # Before it is opened: opening a pipe waits.
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with open(path, "rb") as stream:
            return _read_up_to_limit(stream, file, marks)
    except UnreadablePathError as fault:
        if not confined and not is_there(os.path.realpath(path)):
            return b""
        raise PolicyError(fault.problem._replace(location=Location(file), level="warning")) from None
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as fault:
        raise PolicyError(_doubt(f"cannot be read: {fault.strerror}", Location(file))) from None


def _read_up_to_limit(stream: BinaryIO, file: str, marks: CallMarks) -> bytes:
    limit = MOST_NOTEBOOK if file.lower().endswith(".ipynb") else MOST_SOURCE
    data = stream.read(limit + 1)
    if len(data) <= limit:
        return data
    missing = {word for _, words in marks.calls for word in words}
    overlap = max(map(len, missing))
    while data:
        missing = {word for word in missing if word not in data}
        more = stream.read(_CHUNK)
        data = data[-overlap:] + more if more else b""
    if any(missing.isdisjoint(words) for _, words in marks.calls):
        raise PolicyError(_doubt(f"is too large to be parsed: it has more than {limit:,} bytes", Location(file)))
    return b""


def _doubt(reason: str, location: Location) -> Problem:
    message = f"this file may start a fine-tuning and {reason}"
    return Problem(message, MEND, location, level="warning")
