"""Texts counted with a tokenizer, in a process of their own that is ended where it takes too long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.evidence.tokens.tokenizer import NoTokenizerError, read_content
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.evidence.tokens.tokenizer import Tokenizer
    from policy.plugins.worker import Worker

SECONDS = 30.0
MEBIBYTES = 2048
# No vocabulary in use packs text so tightly: one that seems to drops what it is given.
MOST_CHARACTERS = 64
# The exit code of a process that ran out of memory.
SPENT = 3
LONGEST = 160
_TOGETHER = 256 * 1024


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    """The tokens of all texts, each by itself.

    Raises NoTokenizerError where it cannot be used, and SpentError where the collector's time is up.
    """
    from importlib.util import find_spec

    if find_spec(tokenizer.library) is None:
        reason = f"{tokenizer.library} is not installed: `pip install 'tunegate[data]'`"
        raise NoTokenizerError(f"{tokenizer.shown} is not used: {reason}")
    from policy.plugins.worker import Worker

    worker = Worker("policy.evidence.tokens.worker:answer", (MEBIBYTES, SPENT))
    try:
        return _count(worker, tokenizer, texts)
    except OSError as fault:
        raise _explain(tokenizer, f"it cannot be read: {fault.strerror}") from None
    except _NoCountError as fault:
        raise _explain(tokenizer, str(fault)) from None
    finally:
        worker.close()


class _NoCountError(Exception):
    """Why there is no count."""


def _count(worker: Worker, tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    from time import monotonic

    data, digest = read_content(tokenizer.path)
    if digest != tokenizer.digest:
        raise _NoCountError("it was changed while it was read")
    deadline = monotonic() + SECONDS
    _ask(worker, (tokenizer.library, tokenizer.name, data), SECONDS)
    tokens = sum(_ask(worker, together, deadline - monotonic()) for together in _cut(texts))
    characters = sum(map(len, texts))
    if tokens * MOST_CHARACTERS < characters:
        raise _NoCountError(f"it makes {tokens:,} tokens of {characters:,} characters")
    return tokens


def _ask(worker: Worker, question: Any, seconds: float) -> int:
    from policy.plugins.worker import NoAnswerError

    if seconds <= 0:
        raise _NoCountError(f"it takes longer than {SECONDS:g} s")
    try:
        return _read_answer(worker.ask(question, find_meter().limit_seconds(seconds)))
    except OSError as fault:
        raise _NoCountError(f"its process cannot be started: {fault.strerror}") from None
    except NoAnswerError as fault:
        find_meter().check_time()
        if fault.expired:
            raise _NoCountError(f"it takes longer than {SECONDS:g} s") from None
        by = f" (signal {-fault.code})" if fault.code < 0 else ""
        reason = f"it needs more than {MEBIBYTES} MiB" if fault.code == SPENT else f"its process ended{by}"
        raise _NoCountError(reason) from None


def _read_answer(said: bytes) -> int:
    """The number in an answer, which a tokenizer that took over its process may have written."""
    try:
        answer = json.loads(said)
    except (ValueError, RecursionError):
        answer = None
    tokens = answer.get("tokens") if isinstance(answer, dict) else None
    if type(tokens) is int and tokens >= 0:
        return tokens
    fault = answer.get("fault") if isinstance(answer, dict) else None
    raise _NoCountError(fault[:LONGEST] if isinstance(fault, str) else "its process gave no sound answer")


def _cut(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts, as many at a time as are counted without asking for the time."""
    together, size = list[str](), 0
    for text in texts:
        together.append(text)
        size += len(text)
        if size >= _TOGETHER:
            yield together
            together, size = [], 0
    if together:
        yield together


def _explain(tokenizer: Tokenizer, reason: str) -> NoTokenizerError:
    message = f"{tokenizer.shown} cannot be used: {reason}"
    if not tokenizer.file:
        return NoTokenizerError(message)
    from policy.evidence.tokens.finding import make_problem

    return NoTokenizerError(message, make_problem(f"`{tokenizer.file}` cannot be used: {reason}", tokenizer.file))
