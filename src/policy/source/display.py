"""Text of unknown origin made fit to be shown: nothing invisible, nothing that steers a terminal."""

from __future__ import annotations

_REPLACEMENT = "\ufffd"
# Zero width, and needed to write Persian and to join emoji.
_JOINERS = "\u200c\u200d"
_TAB = "    "
# Anywhere in a line it makes a command for the runner of GitHub Actions.
_COMMAND = "##["


def show_character(character: str) -> str:
    """A printable character itself; a tab as spaces; what cannot be seen as a visible stand-in."""
    if character.isprintable() or character in _JOINERS:
        return character
    if character == "\t":
        return _TAB
    if character < " ":
        # The "control pictures" block repeats the 32 control characters as visible ones.
        return chr(0x2400 + ord(character))
    return " " if character.isspace() else _REPLACEMENT


def show_text(text: str) -> str:
    """The text on one line with every invisible character replaced, and nothing that acts where a log is read."""
    shown = text if text.isprintable() else "".join(map(show_character, text))
    return shown.replace(_COMMAND, "## [") if _COMMAND in shown else shown


def measure_width(text: str) -> int:
    """How many columns a terminal uses for the text: two for a wide character, none for a combining one."""
    # Below the combining marks every character is one column wide, but for the soft hyphen.
    if text.isascii() or (max(text) < "\u0300" and "\u00ad" not in text):
        return len(text)
    import unicodedata  # a shared library that only an excerpt of other scripts needs

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    unseen = sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)
    return len(text) + wide - unseen


def hide_logins(text: str) -> str:
    """The text without what an address in it holds to log in with."""
    if ":" not in text and "//" not in text and "=" not in text:
        return text
    from policy.source.masking import mask  # few texts hold an address

    return mask(text)


def quote_name(text: str, limit: int = 60) -> str:
    """The text in backticks for use in a message, cut where it is too long to be a name, and without logins."""
    text = hide_logins(text)
    shown = show_text(text[: limit + 1])
    return f"`{shown}`" if len(text) <= limit else f"`{shown[: limit - 1]}…`"
