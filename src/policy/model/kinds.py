"""The types that a fact can have: how its source text is read, shown and said in words."""

from __future__ import annotations

import posixpath
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from policy.model.money import Money
from policy.source.display import hide_logins
from policy.structs import Record

if TYPE_CHECKING:
    from policy.model.schema import Field

LARGEST_INTEGER = 2**53
UNITS_MS = {
    "ms": 1,
    "s": 1_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 7 * 86_400_000,
    "month": 30 * 86_400_000,
    "year": 365 * 86_400_000,
}
# Units a duration is shown in, largest first: weeks, months and years are read, but days say the same more plainly.
SHOWN_UNITS = (("d", "day"), ("h", "hour"), ("min", "minute"), ("s", "second"), ("ms", "millisecond"))


class KindError(ValueError):
    """A text that is no value of its kind: what is wrong, then what to write instead."""

    def __init__(self, message: str, remedy: str) -> None:
        if "://" in message and (hidden := hide_logins(message)) != message:
            # What was written is a secret, and what to write instead may repeat it.
            message, remedy = hidden, hide_logins(remedy)
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Kind(Record):
    """One type of value. `ordered` kinds can be compared by size, `textual` ones by their characters."""

    name: str
    ordered: bool = False
    textual: bool = False

    def read(self, text: str, plain: bool) -> Any:
        """The value that `text` writes; `plain` is false where it stood in quotes. Raises KindError."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """The value as a manifest would write it."""
        return str(value)

    def say(self, value: Any) -> str:
        """The value in words, for a sentence."""
        return self.show(value)

    def encode(self, value: Any) -> Any:
        """The value for canonical JSON."""
        return value

    def decode(self, encoded: Any) -> Any:
        """The value that `encode` wrote."""
        return encoded

    def describe(self) -> str:
        """What to write, for a message: `a whole number`."""
        return f"a {self.name}"


def _refuse_quotes(kind: Kind, text: str, plain: bool) -> None:
    if not plain:
        raise KindError(
            f"`{text}` is quoted text where {kind.describe()} is needed",
            f"write {text} without quotes" if text else f"write {kind.describe()}",
        )


class BooleanKind(Kind):
    """`true` or `false`, nothing else."""

    def read(self, text: str, plain: bool) -> bool:
        _refuse_quotes(self, text, plain)
        if text == "true":
            return True
        if text == "false":
            return False
        meant = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
        word = text.lower()
        raise KindError(
            f"`{text}` is not a boolean",
            f"write {meant.get(word, word if word in ('true', 'false') else 'true or false')}",
        )

    def show(self, value: Any) -> str:
        return "true" if value else "false"

    def describe(self) -> str:
        return "true or false"


_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class IntegerKind(Kind):
    """A whole number within ±2^53."""

    low: int = -LARGEST_INTEGER

    def read(self, text: str, plain: bool) -> int:
        _refuse_quotes(self, text, plain)
        if not _INTEGER.fullmatch(text):
            raise KindError(f"`{text}` is not a whole number", "write digits only, such as 1000")
        # More than 17 digits is out of range whatever they are, and long digit strings are slow to convert.
        if len(text) > 40 or abs(int(text)) > LARGEST_INTEGER:
            raise KindError(f"`{text[:40]}` is outside ±2^53", "write a smaller whole number")
        if int(text) < self.low:
            raise KindError(f"{text} is less than {self.low}", f"write a whole number from {self.low} up")
        return int(text)

    def show(self, value: Any) -> str:
        # A bound on a whole number may be a fraction.
        return str(int(value)) if value == int(value) else NUMBER.show(value)

    def say(self, value: Any) -> str:
        return f"{value:,}" if value != int(value) else f"{int(value):,}"

    def encode(self, value: Any) -> Any:
        return NUMBER.encode(value)

    def decode(self, encoded: Any) -> Any:
        return int(encoded) if encoded == int(encoded) else encoded

    def describe(self) -> str:
        return "a whole number"


class NumberKind(Kind):
    """A double; NaN and the infinities are none."""

    low: float = float("-inf")
    high: float = float("inf")

    def read(self, text: str, plain: bool) -> float:
        _refuse_quotes(self, text, plain)
        if not _NUMBER.fullmatch(text):
            raise KindError(f"`{text}` is not a number", "write a finite number, such as 0.05")
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise KindError(f"`{text[:40]}` is too large for a number", "write a finite number, such as 0.05")
        if not self.low <= value <= self.high:
            raise KindError(f"{text} is not between {self.low:g} and {self.high:g}", "write a number in that range")
        return value

    def show(self, value: Any) -> str:
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))

    def encode(self, value: Any) -> Any:
        # Beyond this RFC 8785 knows doubles only.
        return int(value) if abs(value) < LARGEST_INTEGER and value == int(value) else float(value)

    def decode(self, encoded: Any) -> Any:
        return float(encoded)


class StringKind(Kind):
    """Text as it is written."""

    def read(self, text: str, plain: bool) -> str:
        if not text:
            raise KindError("the text is empty", "write something, or leave the line out")
        return text


class PathKind(Kind):
    """A path with `/`, relative to the folder of the file that names it; normal form."""

    def read(self, text: str, plain: bool) -> str:
        if not text:
            raise KindError("the path is empty", "write a path relative to this file")
        if "\0" in text:
            raise KindError("the path holds a NUL character", "write a path relative to this file")
        return posixpath.normpath(text)


class EnumKind(Kind):
    """One of some words, which have no order."""

    choices: tuple[str, ...] = ()

    def read(self, text: str, plain: bool) -> str:
        if text in self.choices:
            return text
        from policy.source.suggestion import nearest  # a rare path: keeps difflib out of start-up

        close = nearest(text, self.choices)
        raise KindError(
            f"`{text}` is not one of {', '.join(self.choices)}",
            f"write {close}" if close else f"write one of {', '.join(self.choices)}",
        )

    def describe(self) -> str:
        return f"one of {', '.join(self.choices)}"


_DURATION = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?) ?([a-z]+)")


class DurationKind(Kind):
    """Whole milliseconds; a month is 30 days and a year 365."""

    signed: bool = False
    whole_days: bool = False

    def read(self, text: str, plain: bool) -> int:
        remedy = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"
        match = _DURATION.fullmatch(text)
        if match is None or len(text) > 40:
            if _NUMBER.fullmatch(text):
                raise KindError(f"`{text[:40]}` is a number without a unit where a duration is needed", remedy)
            raise KindError(f"`{text[:40]}` is not a duration", remedy)
        unit = match[2]
        if unit not in UNITS_MS:
            raise KindError(f"`{match[2]}` is not a unit of time", remedy)
        # In whole numbers: 1.1 h is 3,960,000 ms, and a little more in doubles.
        whole, _, decimals = match[1].partition(".")
        milliseconds: int
        milliseconds, rest = divmod(int(whole + decimals) * UNITS_MS[unit], 10 ** len(decimals))
        if rest or abs(milliseconds) > LARGEST_INTEGER:
            raise KindError(f"`{text}` is not a whole number of milliseconds within ±2^53", remedy)
        if milliseconds < 0 and not self.signed:
            raise KindError(f"`{text}` is a negative duration", remedy)
        if self.whole_days and milliseconds % UNITS_MS["d"]:
            raise KindError(f"`{text}` is not a whole number of days", "write days, such as 30d")
        return milliseconds

    def show(self, value: Any) -> str:
        for unit, _ in SHOWN_UNITS:
            if value % UNITS_MS[unit] == 0:
                return f"{value // UNITS_MS[unit]}{unit}"
        raise AssertionError("every whole number is a multiple of 1 ms")

    def say(self, value: Any) -> str:
        for unit, word in SHOWN_UNITS:
            if value % UNITS_MS[unit] == 0:
                count = value // UNITS_MS[unit]
                return f"{count:,} {word}" if abs(count) == 1 else f"{count:,} {word}s"
        raise AssertionError("every whole number is a multiple of 1 ms")

    def encode(self, value: Any) -> Any:
        return NUMBER.encode(value)

    def decode(self, encoded: Any) -> Any:
        return int(encoded)

    def describe(self) -> str:
        return "a duration, such as 30d"


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class DateKind(Kind):
    """A day of the calendar."""

    def read(self, text: str, plain: bool) -> date:
        try:
            # Python also reads other forms of ISO 8601, such as 2026-W01-1.
            if _DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise KindError(f"`{text[:40]}` is not a date", "write year-month-day, such as 2026-11-20")

    def show(self, value: Any) -> str:
        return str(value.isoformat())

    def encode(self, value: Any) -> Any:
        return value.isoformat()

    def decode(self, encoded: Any) -> Any:
        return date.fromisoformat(encoded)

    def describe(self) -> str:
        return "a date, such as 2026-11-20"


_MONEY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Z]{3})")


class MoneyKind(Kind):
    """An amount in a currency."""

    def read(self, text: str, plain: bool) -> Money:
        match = _MONEY.fullmatch(text)
        if match is None or len(text) > 40:
            raise KindError(
                f"`{text[:40]}` is not an amount of money",
                "write an amount and its currency, such as 200 USD",
            )
        return Money(float(match[1]), match[2])

    def show(self, value: Any) -> str:
        amount = NUMBER.show(value.amount)
        if "e" in amount:
            from decimal import Decimal  # for amounts that nobody has

            amount = format(Decimal(amount), "f")
        return f"{amount} {value.currency}"

    def say(self, value: Any) -> str:
        amount = f"{value.amount:,.2f}".removesuffix(".00")
        return f"{amount} {value.currency}"

    def encode(self, value: Any) -> Any:
        return {"amount": NUMBER.encode(value.amount), "currency": value.currency}

    def decode(self, encoded: Any) -> Any:
        return Money(float(encoded["amount"]), encoded["currency"])

    def describe(self) -> str:
        return "an amount of money, such as 200 USD"


class ListKind(Kind):
    """Several values of one kind, without an order."""

    of: Kind = Kind("value")

    def describe(self) -> str:
        return f"a list ({self.of.describe()})"


class RecordsKind(Kind):
    """Several records; `keys` name the fields that tell whether two records speak of the same thing."""

    fields: tuple[Field, ...] = ()
    keys: tuple[str, ...] = ()

    def describe(self) -> str:
        return "a list of records"


BOOLEAN = BooleanKind("boolean")
INTEGER = IntegerKind("integer", ordered=True)
COUNT = IntegerKind("integer", ordered=True, low=0)
NUMBER = NumberKind("number", ordered=True)
RATE = NumberKind("number", ordered=True, low=0.0, high=1.0)
STRING = StringKind("string", textual=True)
PATH = PathKind("path", textual=True)
DURATION = DurationKind("duration", ordered=True)
SIGNED_DURATION = DurationKind("duration", ordered=True, signed=True)
DAYS = DurationKind("duration", ordered=True, signed=True, whole_days=True)
DATE = DateKind("date", ordered=True)
MONEY = MoneyKind("money", ordered=True)


def enum(*choices: str) -> EnumKind:
    """A kind whose values are these words."""
    return EnumKind("enumeration", choices=choices)


def list_of(kind: Kind) -> ListKind:
    """A kind for several values of `kind`."""
    return ListKind(f"list of {kind.name}", of=kind)
