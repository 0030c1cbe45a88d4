"""A tokenizer as it lies in a file, before anything of it is run."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.cache import identify
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.errors import Problem
    from policy.evidence.data.cache import Identity

# The largest in use, with 260,000 words in it, has about 34 MB.
LARGEST = 64 * 1024 * 1024
TOKENIZERS, TIKTOKEN = "tokenizers", "tiktoken"


class Tokenizer(NamedTuple):
    """Where its file really is, the SHA-256 of it, and the library that counts with it.

    `shown` is what sources call it. `name` is that of the encoding, for tiktoken. `doubt` says why what it counts is an
    estimate, even where all of the text is counted; `file` is its path from the root where the project brings it.
    """

    library: str
    shown: str
    path: str
    digest: str
    name: str = ""
    doubt: str = ""
    file: str = ""


class NoTokenizerError(Exception):
    """The base model's tokenizer is there and cannot be used: why, and what is wrong with a file of the project."""

    def __init__(self, reason: str, problem: Problem | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.problem = problem


def digest_content(path: str) -> str:
    """The SHA-256 of a tokenizer's file; raises OSError, also where it is too large."""
    return _digest(identify(path))


# Projects of one repository often train one model.
@lru_cache(maxsize=64)
def _digest(identity: Identity) -> str:
    return read_content(identity.real)[1]


def read_content(path: str) -> tuple[bytes, str]:
    """The bytes of a tokenizer's file and their SHA-256; raises OSError, also where it is too large."""
    excess = OSError(None, f"it is larger than {LARGEST // 1024**2} MiB")
    with ByteStream(path) as stream:
        if stream.status.st_size > LARGEST:
            raise excess
        data = bytearray()
        while piece := stream.read():
            data += piece
            if len(data) > LARGEST:
                raise excess
        return bytes(data), stream.finish()[1]
