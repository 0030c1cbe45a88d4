"""The JSON that a client sends: only the canonical form is taken, so that a digest names one content in one writing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.model.canonical import canonical_json
from policy.source.limits import DEFAULT_LIMITS
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from policy.source.node import Node

ANEW: Final = "write it as canonical JSON (RFC 8785) in UTF-8, and take the digest of those bytes"
# RFC 8785 knows whole numbers below 2^53, which have so many digits at most; larger ones are doubles.
_WHOLE_DIGITS: Final = 16
# As canonical JSON writes it: behind no other backslash, or behind pairs of them.
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NOWHERE: Final = (1, 1, 1, 1)


def read_body(body: bytes) -> Any:
    """The value that canonical JSON writes. Raises PolicyError for any other bytes; their number is not looked at."""
    try:
        value = json.loads(
            body.decode(), parse_constant=_refuse_constant, parse_int=_read_whole, object_pairs_hook=_refuse_twice
        )
        if canonical_json(value) != body:
            raise PolicyError(Problem("what was sent is JSON, but not in the canonical form", ANEW))
        if _NUL.search(body):
            raise PolicyError(Problem("what was sent holds U+0000, which no database keeps", "leave it out"))
    except UnicodeDecodeError:
        raise PolicyError(Problem("what was sent is not UTF-8", ANEW)) from None
    except RecursionError:
        raise PolicyError(_describe_depth()) from None
    except UnicodeEncodeError:
        raise PolicyError(Problem("what was sent holds half of a character (a lone surrogate)", ANEW)) from None
    except ValueError as fault:
        message = fault.msg if isinstance(fault, json.JSONDecodeError) else str(fault)
        raise PolicyError(Problem(f"what was sent is not canonical JSON: {message}", ANEW)) from None
    return value


def build_node(value: Any, depth: int = 0) -> Node:
    """A JSON value as a parsed document, for the readers of manifests; its positions mean nothing."""
    if depth > DEFAULT_LIMITS.max_depth:
        raise PolicyError(_describe_depth())
    if isinstance(value, dict):
        return Mapping(
            {key: (Scalar(key, False, *_NOWHERE), build_node(item, depth + 1)) for key, item in value.items()},
            *_NOWHERE,
        )
    if isinstance(value, list):
        return Sequence([build_node(item, depth + 1) for item in value], *_NOWHERE)
    if isinstance(value, str):
        return Scalar(value, False, *_NOWHERE)
    return Scalar(canonical_json(value).decode(), True, *_NOWHERE)


def _describe_depth() -> Problem:
    message = f"what was sent is nested deeper than {DEFAULT_LIMITS.max_depth} levels"
    return Problem(message, "send the fields of a manifest, which are not")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _read_whole(text: str) -> int | float:
    return int(text) if len(text.lstrip("-")) < _WHOLE_DIGITS else _read_large(text)


def _read_large(text: str) -> int | float:
    # In doubles first: converting a text of ten thousand digits takes longer, or is refused.
    number = float(text)
    return int(text) if abs(number) < 2**53 else number


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("an object names a key twice")
    return made
