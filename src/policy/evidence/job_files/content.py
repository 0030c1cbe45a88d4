"""A message's content: text, or parts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.message_keys import get_role
from policy.evidence.job_files.violations import RENAME, Path, Violation, name_place, require_text, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

# What an assistant's message may hold instead of content.
_INSTEAD = ("tool_calls", "function_call", "refusal")
# A tool may well have nothing to say, and so who has no known role; everyone else who speaks says something.
_SILENT_ROLES = ("tool", "function", None)
_PARTS = {"user": ("text", "image_url"), "assistant": ("text", "refusal")}
_ANY_PARTS = ("text", "image_url", "refusal")
_SCHEMES = ("https://", "http://", "data:image/")
_DETAILS = ("auto", "low", "high")
_WRITE = "write the message's text"


def check_content(message: dict[str, Any], path: Path) -> Iterator[Violation]:
    """A message has content that is text or parts, or else calls a tool or (recalled) refuses."""
    content, place = message.get("content"), (*path, "content")
    if content is None:
        if not _has_other(message):
            where = place if "content" in message else path
            yield Violation("content", f"{name_place(path)} has no content and calls no tool", _WRITE, where)
    elif type(content) is list:
        yield from _check_parts(content, place, get_role(message))
    elif type(content) is not str:
        yield Violation("content", f"{show_path(place)} is neither text nor a list of parts", _WRITE, place)
    elif not content and get_role(message) not in _SILENT_ROLES and not _has_other(message):
        yield Violation("content", f"{show_path(place)} is empty", f"{_WRITE}, or remove the row", place)


def _has_other(message: dict[str, Any]) -> bool:
    return get_role(message) in ("assistant", None) and any(message.get(key) is not None for key in _INSTEAD)


def _check_parts(parts: list[Any], path: Path, role: str | None) -> Iterator[Violation]:
    if not parts:
        yield Violation("content", f"{show_path(path)} is an empty list", _WRITE, path)
    types = _ANY_PARTS if role is None else _PARTS.get(role, ("text",))
    for index, part in enumerate(parts):
        yield from _check_part(part, (*path, index), types)


def _check_part(part: Any, path: Path, types: tuple[str, ...]) -> Iterator[Violation]:
    """Content parts are text, images of users or refusals of the assistant (the provider's API description)."""
    kind = part.get("type") if type(part) is dict else None
    if kind not in types:
        place = (*path, "type") if type(part) is dict and "type" in part else path
        message = f"{show_path(path)} is not a part of the type {' or '.join(types)}"
        yield Violation("content-part", message, RENAME, place, guess=(kind, types))
    elif kind != "image_url":
        if type(part.get(kind)) is not str:
            place = (*path, kind) if kind in part else path
            yield Violation("content-part", f"{show_path(path)} has no `{kind}` that is text", _WRITE, place)
    elif type(part.get("image_url")) is not dict:
        remedy = 'write `"image_url": {"url": …}`'
        yield Violation("content-part", f"{show_path(path)} has no `image_url` that is an object", remedy, path)
    else:
        yield from _check_image(part["image_url"], (*path, "image_url"))


def _check_image(image: dict[str, Any], path: Path) -> Iterator[Violation]:
    faults = list(require_text(image, "url", path, "content-part"))
    yield from faults
    if not faults and not image["url"].startswith(_SCHEMES):
        place = (*path, "url")
        message = f"{show_path(place)} is neither a web address nor an image as a data URL"
        yield Violation("content-part", message, "start it with `https://` or `data:image/`", place)
    if "detail" in image and image["detail"] not in _DETAILS:
        place = (*path, "detail")
        message = f"{show_path(place)} is not one of {', '.join(_DETAILS)}"
        yield Violation("content-part", message, RENAME, place, guess=(image["detail"], _DETAILS))
