"""The kinds of text under `mlflow` in a policy set: patterns, ids of experiments, names, paths of policy sets."""

from __future__ import annotations

import os
import posixpath
import re
from typing import Final

from policy.model.kinds import KindError, StringKind

LONGEST: Final = 500
# A name without spaces, 8 digits, 33 bytes in base64.
KEY_FORM: Final = re.compile(r"[^\s+]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")
ID_FORM: Final = re.compile(r"0|[1-9][0-9]{0,31}")
WORD_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class GlobKind(StringKind):
    """A pattern of names: `*`, `?` and `[…]`, case-sensitive."""

    def read(self, text: str, plain: bool) -> str:
        check_text(super().read(text, plain), "the pattern")
        return text

    def describe(self) -> str:
        return "a name or a pattern, such as support-*"


class AttesterKind(StringKind):
    """The one name of somebody who is trusted."""

    def read(self, text: str, plain: bool) -> str:
        check_text(super().read(text, plain), "the name")
        if "*" in text or "?" in text:
            raise KindError(f"`{text}` is a pattern where one name is needed", "name each of those who are trusted")
        return text

    def describe(self) -> str:
        return "a name, such as ci-bot"


class KeyKind(StringKind):
    """A public key in one line, NAME+ID+KEY."""

    def read(self, text: str, plain: bool) -> str:
        if not KEY_FORM.fullmatch(text):
            raise KindError(f"`{_shorten(text)}` is not {self.describe()}", "copy the line that made it known")
        return text

    def describe(self) -> str:
        return "a public key as `policy ledger key spool` shows it"


class ExperimentIdKind(StringKind):
    """The id of an experiment: digits, with or without quotes."""

    def read(self, text: str, plain: bool) -> str:
        if not ID_FORM.fullmatch(text):
            raise KindError(f"`{_shorten(text)}` is not the id of an experiment", f"write {self.describe()}")
        return text

    def describe(self) -> str:
        return "the id as MLflow shows it: digits, such as 7"


class WordKind(StringKind):
    """A name that stands in addresses and records."""

    def read(self, text: str, plain: bool) -> str:
        if not WORD_FORM.fullmatch(text):
            raise KindError(f"`{_shorten(text)}` is not {self.describe()}", "write one such as mlflow or basic-auth")
        return text

    def describe(self) -> str:
        return "a name of letters, digits, `.`, `_` and `-`"


class LayerPathKind(StringKind):
    """Where a policy set is, relative to the file that names it: beside that, below it, or below `root` if given."""

    folder: str = ""
    root: str = ""

    def read(self, text: str, plain: bool) -> str:
        check_text(super().read(text, plain), "the path")
        if _SCHEME.match(text) or "#" in text:
            raise KindError(f"`{text}` is an address where a path is needed", "write a path relative to this file")
        if text.startswith("/") or "\\" in text:
            raise KindError(f"`{text}` is not a relative path with `/`", "write a path relative to this file")
        if self.root and not self._is_inside(text):
            raise KindError(f"`{text}` leads out of the repository", "put the policy set beside this file, or below it")
        return posixpath.normpath(text)

    def _is_inside(self, text: str) -> bool:
        path = os.path.normpath(os.path.join(self.folder, text))
        return any(os.path.commonpath((top, path)) == top for top in (self.folder, self.root))

    def describe(self) -> str:
        return "the path of a policy set, relative to this file"


def check_text(text: str, what: str) -> None:
    """Raises KindError for what no name of MLflow's can be, or nobody can have meant."""
    if len(text) > LONGEST:
        raise KindError(f"{what} is longer than {LONGEST} characters", "write a shorter one")
    if not text.isprintable():
        raise KindError(f"{what} holds a character that cannot be seen", "write `?` for it, or leave it out")
    if text != text.strip():
        raise KindError(f"{what} begins or ends with a space", "take the space out")


def _shorten(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"


GLOB: Final = GlobKind("pattern", textual=True)
ATTESTER: Final = AttesterKind("name", textual=True)
EXPERIMENT_ID: Final = ExperimentIdKind("id", textual=True)
KEY: Final = KeyKind("key", textual=True)
WORD: Final = WordKind("name", textual=True)
