"""The far side of counting tokens: one process, with bounded memory and without a network.

A tokenizer that a project brings is hostile: its patterns may backtrack for ever, its tables take all memory, and what
it breaks may be the process.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from policy.evidence.tokens.tokenizer import TIKTOKEN
from policy.plugins.worker import limit_memory, receive, reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    Count = Callable[[Sequence[str]], int]

LONGEST = 120
_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind")


def answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer `(library, name, data)` and then lists of texts with JSON: `{"tokens": …}` or `{"fault": …}`.

    Who runs out of memory ends with the code `spent`.
    """
    mebibytes, spent = pickle.load(questions)  # noqa: S301 - from our own process
    limit_memory(mebibytes)
    # Threads of a library would each reserve memory.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    # What a library written in Rust prints when it breaks is not for the user.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.addaudithook(refuse_network)
    count: Count | None = None
    said: dict[str, Any]
    for question in receive(questions):
        try:
            if count is None:
                count, said = load(*question), {"tokens": 0}
            else:
                said = {"tokens": count(question)}
        except MemoryError:
            os._exit(spent)
        except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
            # What is said of the text could quote it.
            said = {"fault": describe(error) if count is None else f"it breaks on the text ({type(error).__name__})"}
        reply(answers, json.dumps(said).encode())


def describe(error: BaseException) -> str:
    """What is wrong with a tokenizer, on one line; tokenizers raises nothing but `Exception`."""
    name = "" if type(error) is Exception else f"{type(error).__name__}: "
    return f"{name}{' '.join(str(error).split())}"[:LONGEST]


def refuse_network(event: str, _: tuple[Any, ...]) -> None:
    """Whatever a library means to fetch, it does not."""
    if event in _NETWORK:
        raise PermissionError("no network")


def load(library: str, name: str, data: bytes) -> Count:
    """What counts the tokens of texts."""
    return load_vocabulary(name, data) if library == TIKTOKEN else load_tokenizer(data)


def load_tokenizer(data: bytes) -> Count:
    """Counts what a `tokenizer.json` makes of text alone: nothing is cut, filled up, or put round it."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(data.decode())
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(texts: Sequence[str]) -> int:
        return sum(map(len, tokenizer.encode_batch_fast(make_sound(texts), add_special_tokens=False)))

    return count


def load_vocabulary(name: str, data: bytes) -> Count:
    """Counts as an encoding of tiktoken's with this vocabulary, the place of which it must know; nothing is fetched."""
    import tiktoken
    from tiktoken_ext import openai_public

    def load_ranks(_: str, expected_hash: str | None = None) -> dict[bytes, int]:
        if sha256(data).hexdigest() != expected_hash:
            raise ValueError("tiktoken wants another vocabulary")
        pairs = (line.split() for line in data.splitlines() if line)
        return {b64decode(token): int(rank) for token, rank in pairs}

    openai_public.load_tiktoken_bpe = load_ranks
    encoding = tiktoken.Encoding(**openai_public.ENCODING_CONSTRUCTORS[name]())

    def count(texts: Sequence[str]) -> int:
        # Special tokens that stand in the text are text to a provider.
        return sum(len(encoding.encode_ordinary(text)) for text in make_sound(texts))

    return count


def make_sound(texts: Sequence[str]) -> Sequence[str]:
    """The texts without halves of surrogate pairs, which no tokenizer takes."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    return texts
