"""A policy file without its cases: they are most of it, and only `policy test` and `policy lint` read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.source.file import read_bytes
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from policy.source.node import Document

CASES = b"\ncases:"
# The key that explains what no case can show; it is read with the cases and stands behind them.
EXPLANATIONS = b"equivalent"


def read_policy_document(path: str, file: str, *, with_cases: bool) -> Document:
    """The document in a policy file, or PolicyError; `file` is the name that positions bear.

    Without cases, what is wrong inside them may go unnoticed; all else reads as it does with them.
    """
    data = read_bytes(path, file)
    before = None if with_cases else cut_cases(data)
    if before is not None:
        try:
            return read_yaml(before, file)
        except PolicyError:
            pass  # the line was no key, or the problems are those of the whole file
    return read_yaml(data, file)


def cut_cases(data: bytes) -> bytes | None:
    """What stands before the cases, where nothing but cases follows; None where that is not certain."""
    start = data.find(CASES) + 1
    tail = data[start:]
    if not start or not tail.isascii() or not tail.replace(b"\n", b"").decode().isprintable():
        return None
    first, *others = tail.split(b"\n")
    is_key = first[len(CASES) - 1 :][:1] in (b"", b" ")
    return data[:start] if is_key and all(map(_belongs_to_cases, others)) else None


def _belongs_to_cases(line: bytes) -> bool:
    """Whether the line is no other key of the policy, and starts no other document."""
    key, colon, rest = line.partition(b":")
    if colon and key == EXPLANATIONS:
        return rest[:1] in (b"", b" ")
    return line[:1] in (b"", b" ", b"#") or line[:2] in (b"-", b"- ")
