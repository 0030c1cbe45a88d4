"""Files of keys: the private one that signs, for its owner alone, and the public ones that are trusted."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.records.keys import TrustedKey, make_key, read_signing_key, read_trusted_keys, read_verifier_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.records.keys import SigningKey

PRIVATE = 0o600
LARGEST = 1 << 16


def create_key_file(path: str, name: str) -> SigningKey:
    """A new key in a new file that its owner alone can read. Raises PolicyError; nothing is overwritten."""
    key = make_key(name, os.urandom(32))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    except FileExistsError:
        raise PolicyError(Problem(f"there is a file `{path}` already", "name another: no key is overwritten")) from None
    except OSError as error:
        message = f"the key file `{path}` cannot be written: {error.strerror}"
        raise PolicyError(Problem(message, "name a file in a folder that can be written")) from None
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{key.text}\n")
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        remove_key_file(path)
        raise
    return key


def remove_key_file(path: str) -> None:
    """Take away a key that nothing knows of."""
    with suppress(OSError):
        os.unlink(path)


def open_key_file(path: str, made_by: str = "policy ledger key new") -> SigningKey:
    """The private key of a file. Raises PolicyError, also where others than its owner can read it."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            _check_mode(os.fstat(stream.fileno()), path)
            data = stream.read(LARGEST)
    except FileNotFoundError:
        remedy = f"make one with `{made_by} --key FILE`, or name where it is"
        raise PolicyError(Problem(f"there is no key file `{path}`", remedy)) from None
    except OSError as error:
        remedy = "run this as the user that the key belongs to"
        raise PolicyError(Problem(f"the key file `{path}` cannot be read: {error.strerror}", remedy)) from None
    return read_signing_key(data.decode(errors="replace"), path)


def _check_mode(found: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise PolicyError(Problem(f"the key file `{path}` is no file", "name a file"))
    if found.st_mode & 0o077:
        message = f"the key file `{path}` can be read by others than its owner"
        raise PolicyError(Problem(message, "make a new key, for this one may be known; then `chmod 600` the file"))
    if found.st_uid != os.geteuid():
        raise PolicyError(Problem(f"the key file `{path}` belongs to another user", "run this as that user"))


def read_trusted(files: Iterable[str], texts: Iterable[str]) -> tuple[TrustedKey, ...]:
    """The keys of some files, and those given as texts. Raises PolicyError with all that is wrong."""
    found: list[TrustedKey] = []
    problems: list[Problem] = []
    for path in files:
        try:
            found += read_trusted_keys(read_text(path, "the file of trusted keys"), path)
        except PolicyError as error:
            problems.extend(error.problems)
    for text in texts:
        try:
            found.append(TrustedKey(read_verifier_key(text)))
        except PolicyError as error:
            problems.extend(error.problems)
    if problems:
        raise PolicyError(*problems)
    return tuple(found)


def read_text(path: str, what: str) -> str:
    """The text of a small file. Raises PolicyError."""
    data = read_bytes(path, what, LARGEST)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise PolicyError(Problem(f"{what} `{path}` is not UTF-8", "name a text file")) from None


def read_bytes(path: str, what: str, largest: int) -> bytes:
    """The content of a file up to a size. Raises PolicyError."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        message = f"{what} `{path}` cannot be read: {error.strerror}"
        raise PolicyError(Problem(message, "name a file that is there")) from None
    if len(data) > largest:
        raise PolicyError(Problem(f"{what} `{path}` has more than {largest:,} bytes", "name another file"))
    return data
