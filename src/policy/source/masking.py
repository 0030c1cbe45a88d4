"""What an address holds to log in with: found in a text of any kind, so that no excerpt of it shows a password.

Rather too much is found than too little: what is hidden by mistake stands in the file itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Span = tuple[int, int]

MASK: Final = "***"
# A backslash takes the end of a line with it, as in YAML between double quotes.
_TOKEN: Final = re.compile(r'(?:\\\n[ \t]*|\\.|[^\s"<>\\])+')
_ESCAPE: Final = (
    r"\\\n[ \t]*|\\x(?P<x>[0-9a-fA-F]{2})|\\u(?P<u>[0-9a-fA-F]{4})|\\U(?P<U>000[0-9a-fA-F]{5})|\\(?P<itself>.)"
)
_ESCAPED: Final = re.compile(_ESCAPE)
# An address may be a part of another one.
_QUOTED: Final = re.compile(rf"{_ESCAPE}|%(?P<percent>40|3[aA]|2[fF])")
_HEX: Final = ("x", "u", "U", "percent")
# One slash, or none, is a mistake that somebody makes.
_BEGIN: Final = re.compile(r"(?i:https?:|[a-z][a-z0-9+.-]{0,30}:/|//)/*")
# What no address is without, as it may be written.
_SIGN: Final = re.compile(r"(?i)/|https?:|\\|%2f|(?:password|passwd|pwd)=")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
# A name and a colon, and then no port: no digits are one where somebody logs in behind them.
_LOGIN: Final = re.compile(
    r"[^:/?#@\[\]]*:(?!(?:[0-9]{0,5}[/?#,;)'`\]}]|[0-9]{1,5}\.?$)[^@\ufe6b\uff20]*(?:@sha(?:256|512):[0-9a-f]*)?$)"
)
# What is given behind an address.
_GIVEN: Final = re.compile(
    r"(?i)(?:password|passwd|pwd)=([^&;]+)|[?&;][a-z0-9_.-]{0,40}(?:secret|token|key|signature|sig)=([^&;#]+)"
)
_AT: Final = re.compile("[@\ufe6b\uff20]")
# So far behind a password that a space is in the address may go on.
_FAR: Final = 200


def find_logins(text: str) -> list[Span]:
    """From where to where names, passwords and keys stand in addresses; lines end with a line feed."""
    if ":" not in text and "//" not in text and "=" not in text:
        return []
    found: list[Span] = []
    for token in _TOKEN.finditer(text):
        if token.end() <= (found[-1][1] if found else 0) or not _SIGN.search(token.group()):
            continue
        for pattern in (_ESCAPED, _QUOTED):
            said, places = _read(token.group(), pattern)
            for start, end in _find(said):
                begin = token.start() + places[start]
                stop = token.start() + places[end] if end >= 0 else _look_on(text, token.end())
                if stop > begin:
                    found.append((begin, stop))
            if "%" not in token.group():
                break
    return _join(found)


def _read(token: str, pattern: re.Pattern[str]) -> tuple[str, list[int]]:
    """What a token says, and where each character of it stands, with the end of the token behind them."""
    said: list[str] = []
    places: list[int] = []
    done = 0
    for escape in pattern.finditer(token):
        said += token[done : escape.start()]
        places += range(done, escape.start())
        done = escape.end()
        code = next((escape[kind] for kind in _HEX if escape.groupdict().get(kind)), None)
        character = chr(min(int(code, 16), 0x10FFFF)) if code is not None else escape["itself"]
        if character is not None:
            said.append(character)
            places.append(escape.start())
    said += token[done:]
    places += range(done, len(token) + 1)
    return "".join(said), places


def _find(said: str) -> Iterator[Span]:
    """From where to where; -1 where a password has begun that does not end here."""
    if "=" in said:
        yield from (given.span(given.lastindex or 0) for given in _GIVEN.finditer(said))
    last = max((at.start() for at in _AT.finditer(said)), default=-1)
    position = 0
    while (begin := _BEGIN.search(said, position)) is not None:
        position = begin.end()
        if _LOGIN.match(said, position):
            yield position, last if last > position else -1
            return
        authority = _AUTHORITY.match(said, position)
        end = max((at.start() for at in _AT.finditer(authority.group())), default=-1) if authority else -1
        if end > 0:
            yield position, position + end
            position += end


def _look_on(text: str, position: int) -> int:
    """Where a password ends that has a space in it, or is folded; 0 where nothing ends one."""
    at = _AT.search(text, position, position + _FAR)
    return at.start() if at else 0


def _join(spans: list[Span]) -> list[Span]:
    """The same without overlaps, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def mask_line(line: str, spans: Sequence[Span], marked: Span = (0, 0)) -> tuple[str, Span]:
    """A line with a mask in the place of each span of it, and where what is marked is then: all of a mask, or none."""
    first, last = marked
    for start, end in reversed(spans):
        line = line[:start] + MASK + line[end:]
        shift = len(MASK) - (end - start)
        first = first + shift if first >= end else min(first, start)
        if last > start:
            last = start + len(MASK) if last <= end else last + shift
    return line, (first, last)


def mask(text: str) -> str:
    """A text of one line without logins."""
    return mask_line(text, find_logins(text))[0]


def mask_passwords(text: str) -> str:
    """The same without passwords: names stand in what people are told to write, too."""
    spans = find_logins(text)
    return mask_line(text, [(start, end) for start, end in spans if ":" in text[start:end] or text[start - 1] == "="])[
        0
    ]
