"""Why a request cannot be acted on, and which texts are not taken."""

from __future__ import annotations

from typing import Final

from policy.errors import PolicyError, Problem
from policy.model.approval import fold_name, has_words

LONGEST_TEXT: Final = 4_000
LONGEST_NAME: Final = 200


class RefusedError(PolicyError):
    """Somebody may not do that, or it is too late for it: the request stays as it is."""

    exit_code = 1


class TooLateError(RefusedError):
    """The request is decided, or over."""


class UnknownRequestError(PolicyError):
    """There is no such request."""


def refuse(message: str, remedy: str) -> RefusedError:
    """The error that says so."""
    return RefusedError(Problem(message, remedy))


def check_text(text: str, what: str, *, needed: bool = True) -> str:
    """A comment or a reason as it is recorded. Raises PolicyError."""
    if len(text) > LONGEST_TEXT:
        message = f"the {what} has {len(text):,} characters, and {LONGEST_TEXT:,} are the most"
        raise PolicyError(Problem(message, "say it in fewer words, and name where more is written"))
    _check_encoding(text, what)
    if needed and not has_words(text):
        raise PolicyError(Problem(f"there is no {what}", f"say it: the {what} is what others read later"))
    return text.strip()


def check_name(name: str, what: str = "name") -> str:
    """A person's name as the directory has it. Raises PolicyError."""
    if len(name) > LONGEST_NAME:
        raise PolicyError(Problem(f"the {what} has more than {LONGEST_NAME} characters", "name a person"))
    _check_encoding(name, what)
    if not fold_name(name) or not name.isprintable():
        raise PolicyError(Problem(f"the {what} is blank or cannot be printed", "name a person"))
    return name


def _check_encoding(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PolicyError(Problem(f"the {what} is no text in UTF-8", "write it in UTF-8")) from None
    if "\0" in text:
        raise PolicyError(Problem(f"the {what} holds a null character", "leave it out"))
