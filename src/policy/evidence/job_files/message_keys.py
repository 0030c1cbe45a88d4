"""A message's role, keys, name and weight."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.violations import (
    RENAME,
    Path,
    Violation,
    find_unknown,
    name_place,
    show_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = ("system", "user", "assistant", "tool", "developer")
# The provider's published checks and its API description still know it, beside `functions` and `function_call`.
OLD_ROLE = "function"
KEYS = ("role", "content", "name", "function_call", "tool_calls", "tool_call_id", "weight", "refusal")
_OWNERS = {
    "weight": "assistant",
    "tool_calls": "assistant",
    "function_call": "assistant",
    "refusal": "assistant",
    "tool_call_id": "tool",
}
_FITTING: dict[str | None, frozenset[str]] = {
    role: frozenset(key for key in KEYS if _OWNERS.get(key, role) == role) for role in (*ROLES, OLD_ROLE)
}
_NAME = re.compile(r"[^\s<|\\/>]{1,64}\Z")


def get_role(message: dict[str, Any]) -> str | None:
    """The role where it is a known one."""
    role = message.get("role")
    return role if type(role) is str and (role in ROLES or role == OLD_ROLE) else None


def check_role(message: dict[str, Any], path: Path, roles: tuple[str, ...]) -> Iterator[Violation]:
    """Each message has one of the known roles, and here one of `roles`; this one has none of these."""
    place = (*path, "role")
    role = message.get("role")
    if "role" not in message:
        yield Violation("role", f"{name_place(path)} has no `role`", f"write one of {', '.join(roles)}", path)
    elif role == OLD_ROLE and len(roles) > 1:
        said = f"{show_path(place)} is `{OLD_ROLE}`, which the provider calls deprecated"
        yield Violation("old-role", said, "write the role `tool`, with a `tool_call_id`", place, "warning")
        if "name" not in message:
            yield Violation("name", f"{name_place(path)} has no `name`", "write the function's name", path)
    else:
        said = f"{show_path(place)} is not one of {', '.join(roles)}"
        yield Violation("role", said, RENAME, place, guess=(role, roles))


def check_keys(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """The keys of a message are known, and (recalled) those of the assistant's and of tools' messages only there."""
    role = get_role(message)
    if message.keys() <= _FITTING.get(role, frozenset()):
        return
    yield from find_unknown(message, KEYS, path, "message-key")
    for key, owner in _OWNERS.items():
        if role is not None and role != owner and key in message:
            place = (*path, key)
            rule = "weight" if key == "weight" else "misplaced-key"
            said = f"{show_path(place)} belongs on messages of the role {owner} only"
            yield Violation(rule, said, "remove it", place)


def check_name(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """A name is a word of at most 64 characters without `<`, `|`, `/`, `>` or a backslash (recalled)."""
    name = message["name"]
    if type(name) is not str or not _NAME.match(name):
        place = (*path, "name")
        remedy = "write a name of at most 64 letters, digits, `_` and `-`, or remove it"
        yield Violation("name", f"{show_path(place)} is not a single word of at most 64 characters", remedy, place)


def check_weight(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """The weight of a message is 0 or 1, as a whole number (the provider's API description)."""
    weight = message["weight"]
    if get_role(message) in ("assistant", None) and (type(weight) is not int or weight not in (0, 1)):
        place = (*path, "weight")
        yield Violation("weight", f"{show_path(place)} is not the whole number 0 or 1", "write 0 or 1", place)
