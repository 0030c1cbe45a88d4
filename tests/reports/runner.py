"""What the runner of GitHub Actions makes of the lines that a step prints."""

from __future__ import annotations

import re
from typing import NamedTuple

NAMES = "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env|"
NAMES += "set-output|stop-commands|warning"
# At the start of a line, or in the older form anywhere in it.
COMMAND = re.compile(rf"\s*::({NAMES})(?: (.*?))?::(.*)", re.IGNORECASE)
OLDER = re.compile(rf".*?##\[({NAMES})(?: [^\]]*)?\]", re.IGNORECASE)


class Command(NamedTuple):
    """A command that was obeyed."""

    name: str
    properties: dict[str, str]
    data: str


def obey(text: str) -> list[Command]:
    """The commands in a log."""
    return [command for line in re.split("\r\n|\r|\n", text) for command in _read(line)]


def _read(line: str) -> list[Command]:
    if found := COMMAND.match(line):
        pairs = (pair.partition("=") for pair in (found[2] or "").strip().split(",") if pair)
        properties = {name: _undo(_undo(value, ":", ","), "\r", "\n", "%") for name, _, value in pairs}
        return [Command(found[1].lower(), properties, _undo(found[3], "\r", "\n", "%"))]
    return [Command(found[1].lower(), {}, "")] if (found := OLDER.match(line)) else []


def _undo(text: str, *characters: str) -> str:
    for character in characters:
        text = text.replace(f"%{ord(character):02X}", character)
    return text
