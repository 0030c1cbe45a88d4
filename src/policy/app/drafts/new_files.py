"""Files that did not exist before: written whole or not at all, and never over another."""

from __future__ import annotations

import os
from contextlib import suppress

from policy.errors import PolicyError, Problem


def write_new_file(path: str, text: str) -> None:
    """Write a file under a name that is free, with the folders on the way. Raises PolicyError."""
    made = _make_folders(os.path.dirname(path) or ".", path)
    try:
        _write(path, text)
    except BaseException:  # also an interruption leaves nothing behind
        for folder in reversed(made):
            with suppress(OSError):
                os.rmdir(folder)
        raise


def refuse_existing(path: str, remedy: str) -> None:
    """Raises PolicyError where something has this name, be it a link that leads nowhere."""
    if os.path.lexists(path):
        raise PolicyError(Problem(f"`{path}` exists and is left as it is", remedy))


def _make_folders(folder: str, path: str) -> list[str]:
    """The folders that were not there, outermost first."""
    missing: list[str] = []
    while not os.path.lexists(folder):
        missing.insert(0, folder)
        folder = os.path.dirname(folder) or "."
    for index, name in enumerate(missing):
        try:
            os.mkdir(name)
        except OSError as error:
            for made in reversed(missing[:index]):
                with suppress(OSError):
                    os.rmdir(made)
            raise _refuse(path, error) from None
    return missing


def _write(path: str, text: str) -> None:
    part = f"{path}.part-{os.urandom(4).hex()}"
    try:
        try:
            with open(part, "x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            _claim(part, path)
        finally:
            with suppress(OSError):
                os.unlink(part)
    except FileExistsError:
        raise PolicyError(Problem(f"`{path}` exists and is left as it is", "change it, or remove it first")) from None
    except OSError as error:
        raise _refuse(path, error) from None


def _claim(part: str, path: str) -> None:
    """Give a file its name, unless another has it."""
    try:
        # Unlike a renaming, a link does not take the place of a file that came into being meanwhile.
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # some file systems have no links
        if os.path.lexists(path):
            raise FileExistsError from None
        os.rename(part, path)


def _refuse(path: str, error: OSError) -> PolicyError:
    remedy = "name a folder that can be written, or make room"
    return PolicyError(Problem(f"`{path}` cannot be written: {error.strerror or error}", remedy))
