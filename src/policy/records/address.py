"""Where a ledger is, as the policy set names it."""

from __future__ import annotations

import os
import re
from typing import Final

from policy.records.faults import LedgerError
from policy.structs import NamedTuple

_SCHEME: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_PASSWORD: Final = re.compile(r"[^/?#@]*:[^/?#]*@|[?&]password=", re.IGNORECASE)
KINDS: Final = ("sqlite", "postgresql")


class Address(NamedTuple):
    """`kind` is one of KINDS; `place` the absolute path of a file, or what libpq connects to."""

    kind: str
    place: str
    shown: str


def read_address(url: str, folder: str = ".") -> Address:
    """A ledger's address; a relative file is one of `folder`. Raises LedgerError."""
    found = _SCHEME.fullmatch(url)
    if found is None or found["scheme"] not in (*KINDS, "postgres"):
        raise LedgerError("address", "the address of the ledger begins with neither `sqlite:///` nor `postgresql://`")
    if not url.isprintable():
        raise LedgerError("address", "the address of the ledger holds characters that cannot be printed")
    if found["scheme"] == "sqlite":
        return _read_file(url, found["rest"], folder)
    if _PASSWORD.search(found["rest"]):
        remedy = "write it without, and give the password in PGPASSWORD, a password file or a service file"
        raise LedgerError("address", "the address of the ledger holds a password", remedy)
    if not found["rest"].strip("/"):
        raise LedgerError("address", f"the address of the ledger `{url}` names no database")
    return Address("postgresql", f"postgresql://{found['rest']}", url)


def _read_file(url: str, rest: str, folder: str) -> Address:
    name = rest[1:]
    if not rest.startswith("/"):
        remedy = f"write `sqlite:///{rest}`: three slashes and the file"
        raise LedgerError("address", f"the address of the ledger `{url}` names a host, which SQLite has not", remedy)
    if not name or name.endswith("/") or name.startswith(":memory:") or "?" in name:
        raise LedgerError("address", f"the address of the ledger `{url}` names no file, or more than a file")
    return Address("sqlite", os.path.normpath(os.path.join(os.path.abspath(folder), name)), url)
