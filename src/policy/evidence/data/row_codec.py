"""Rows of JSON decoded and written in one normal form, by orjson where it is installed."""

from __future__ import annotations

import json
from itertools import repeat
from typing import TYPE_CHECKING, Any

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Below this the standard library is as fast as importing orjson.
WORTH_IMPORTING = 4 * 1024 * 1024


class Codec(NamedTuple):
    """How rows are read and written: `decode` raises ValueError or RecursionError for what is not one JSON value.

    `encode` takes many and gives equal rows equal bytes, whatever the order of their keys. Bytes of two codecs must
    not be compared: they write some numbers in different ways.
    """

    decode: Callable[[bytes], Any]
    encode: Callable[[Sequence[Any]], list[bytes]]


def choose_codec(size: int) -> Codec:
    """The codec for so many bytes of rows."""
    return _import_fast() or STANDARD if size >= WORTH_IMPORTING else STANDARD


def _import_fast() -> Codec | None:
    try:
        import orjson
    except ImportError:
        return None
    dumps, sort_keys = orjson.dumps, orjson.OPT_SORT_KEYS

    def encode_one(value: Any) -> bytes:
        try:
            written: bytes = dumps(value, None, sort_keys)
        except TypeError:
            # Half of a surrogate pair, a whole number of more than 64 bits, nesting below 250 levels.
            written = _encode(value)
        return written

    def encode(values: Sequence[Any]) -> list[bytes]:
        try:
            return list(map(dumps, values, repeat(None), repeat(sort_keys)))
        except TypeError:
            return list(map(encode_one, values))

    return Codec(orjson.loads, encode)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, default=str)


def _decode(data: bytes) -> Any:
    return _DECODER.decode(data.decode())


def _encode(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value).encode()
    except RecursionError:
        return _flatten(value)


def _flatten(value: Any) -> bytes:
    """A value that is nested too deeply for the encoder, level by level: what is equal stays equal."""
    pieces, level = [], [value]
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                keys = sorted(item)
                pieces.append(f"{{{keys!a}")
                below += [item[key] for key in keys]
            elif isinstance(item, list):
                pieces.append(f"[{len(item)}")
                below += item
            else:
                pieces.append(ascii(item))
        level = below
    return ",".join(pieces).encode()


def _encode_all(values: Sequence[Any]) -> list[bytes]:
    return list(map(_encode, values))


STANDARD = Codec(_decode, _encode_all)
