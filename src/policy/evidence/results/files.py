"""Results files read strictly, up to a size, with the place of what is wrong in them."""

from __future__ import annotations

import json
import re

from policy.errors import Location, PolicyError, Problem
from policy.evidence.data.byte_stream import ByteStream
from policy.evidence.data.json_text import LONGEST_VALUE, BrokenTextError, JsonText
from policy.evidence.results import lm_eval
from policy.evidence.results.plain import read_plain
from policy.evidence.results.result import Result, UnfitValueError
from policy.source.file import read_bytes
from policy.source.limits import Limits

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_POINTER = b"version https://git-lfs.github.com/spec/"
_REMEDY = "correct the file; until then what it says is not observed"


class PointerError(Exception):
    """The file only points to the results, which are not fetched."""


def read_results(real: str, shown: str) -> Result:
    """What the file at the path `real` holds; `shown` is its path from the root, also for problems.

    Raises PolicyError where it is broken, PointerError, and OSError where it cannot be read.
    """
    try:
        with ByteStream(real) as stream:
            if stream.peek().startswith(_POINTER):
                raise PointerError
            if stream.peek().startswith(_BYTE_ORDER_MARK):
                stream.read(len(_BYTE_ORDER_MARK))
            text = JsonText(stream)
            root = text.read_value()
            if text.peek():
                raise text.break_off("nothing was expected after the first value")
            digest = stream.finish()[1]
        return _read_root(root, shown)._replace(digest=digest)
    except BrokenTextError as fault:
        place = Location(shown, fault.line, fault.column)
        raise PolicyError(Problem(f"these are no evaluation results: {fault.message}", _REMEDY, place)) from None
    except UnfitValueError as fault:
        place = _find_key(real, shown, fault.keys)
        raise PolicyError(Problem(f"these are no evaluation results: {fault.message}", _REMEDY, place)) from None


def _read_root(root: object, shown: str) -> Result:
    if not isinstance(root, dict):
        raise UnfitValueError("the file holds no mapping of metrics to numbers")
    return lm_eval.read_lm_eval(root, shown) if lm_eval.recognise(root) else read_plain(root, shown)


def _find_key(real: str, shown: str, keys: tuple[str, ...]) -> Location:
    """Where the last of some keys stands, one inside the other: each is looked for after the one before."""
    text = read_bytes(real, shown, Limits(2 * LONGEST_VALUE)).decode(errors="replace")
    start = end = 0
    for key in keys:
        spellings = "|".join(re.escape(json.dumps(key, ensure_ascii=plain)) for plain in (True, False))
        match = re.compile(rf"(?:{spellings})\s*:").search(text, end)
        if match is None:
            break
        start, end = match.span()
    return Location(shown, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
