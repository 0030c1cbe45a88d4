"""Every kind of value: what its text means, how it is shown, said and kept, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.model.canonical import canonical_json
from policy.model.fields import SCHEMA
from policy.model.kinds import (
    BOOLEAN,
    COUNT,
    DATE,
    DAYS,
    DURATION,
    INTEGER,
    LARGEST_INTEGER,
    MONEY,
    NUMBER,
    PATH,
    RATE,
    SIGNED_DURATION,
    STRING,
    Kind,
    KindError,
    ListKind,
    RecordsKind,
    enum,
    list_of,
)
from policy.model.money import Money
from tests.strategies import values_of

COLOUR = enum("red", "dark-red", "blue")
KINDS = [BOOLEAN, COUNT, DATE, DAYS, DURATION, INTEGER, MONEY, NUMBER, PATH, RATE, SIGNED_DURATION, STRING, COLOUR]
HOUR, DAY = 3_600_000, 86_400_000
UNITS = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"

# Kind, text, value, and where they differ from the text: how it is shown, and how it is said.
READ = [
    (BOOLEAN, "true", True),
    (BOOLEAN, "false", False),
    (INTEGER, "0", 0),
    (INTEGER, "-0", 0, "0"),
    (INTEGER, "+7", 7, "7"),
    (INTEGER, "007", 7, "7"),
    (INTEGER, "-12345", -12345, "-12345", "-12,345"),
    (INTEGER, "9007199254740992", 2**53, "9007199254740992", "9,007,199,254,740,992"),
    (COUNT, "0", 0),
    (NUMBER, "0.05", 0.05),
    (NUMBER, ".5", 0.5, "0.5"),
    (NUMBER, "5.", 5.0, "5"),
    (NUMBER, "1E3", 1000.0, "1000"),
    (NUMBER, "1e22", 1e22, "1e+22"),
    (NUMBER, "-2.5e-7", -2.5e-7, "-2.5e-07"),
    (NUMBER, "1234567890123456789", 1234567890123456789.0, "1.2345678901234568e+18"),
    (RATE, "1", 1.0),
    (RATE, "0.0", 0.0, "0"),
    (STRING, "true", "true"),
    (STRING, "1234567", "1234567"),
    (STRING, " ", " "),
    (PATH, "./data//train.jsonl", "data/train.jsonl", "data/train.jsonl"),
    (PATH, "data/../train/", "train", "train"),
    (PATH, "../train", "../train"),
    (COLOUR, "dark-red", "dark-red"),
    (DURATION, "0d", 0, "0d", "0 days"),
    (DURATION, "30d", 30 * DAY, "30d", "30 days"),
    (DURATION, "1d", DAY, "1d", "1 day"),
    (DURATION, "24h", DAY, "1d", "1 day"),
    (DURATION, "2w", 14 * DAY, "14d", "14 days"),
    (DURATION, "1month", 30 * DAY, "30d", "30 days"),
    (DURATION, "2 year", 730 * DAY, "730d", "730 days"),
    (DURATION, "90s", 90_000, "90s", "90 seconds"),
    (DURATION, "1500ms", 1500, "1500ms", "1,500 milliseconds"),
    (DURATION, "1.5h", 90 * 60_000, "90min", "90 minutes"),
    (DURATION, "1.1h", 66 * 60_000, "66min", "66 minutes"),
    (DURATION, "0.001s", 1, "1ms", "1 millisecond"),
    (DURATION, "9007199254740992ms", 2**53, "9007199254740992ms", "9,007,199,254,740,992 milliseconds"),
    (SIGNED_DURATION, "-1d", -DAY, "-1d", "-1 day"),
    (SIGNED_DURATION, "-1.5h", -90 * 60_000, "-90min", "-90 minutes"),
    (DAYS, "48h", 2 * DAY, "2d", "2 days"),
    (DATE, "2026-11-20", date(2026, 11, 20)),
    (DATE, "2024-02-29", date(2024, 2, 29)),
    (DATE, "0001-01-01", date.min),
    (MONEY, "200 USD", Money(200.0, "USD")),
    (MONEY, "200USD", Money(200.0, "USD"), "200 USD"),
    (MONEY, "1234.50 EUR", Money(1234.5, "EUR"), "1234.5 EUR", "1,234.50 EUR"),
    (MONEY, "0 CHF", Money(0.0, "CHF")),
    (MONEY, "0.00001 USD", Money(0.00001, "USD"), "0.00001 USD", "0 USD"),
    (
        MONEY,
        "12345678901234567890 USD",
        Money(12345678901234567890.0, "USD"),
        "12345678901234567000 USD",
        "12,345,678,901,234,567,168 USD",
    ),
]


@pytest.mark.parametrize("row", READ, ids=[f"{type(row[0]).__name__} {row[1]}" for row in READ])
def test_what_a_text_means_and_how_it_is_shown(row):
    kind, text, value, *more = row
    shown = more[0] if more else text
    read = kind.read(text, plain=True)
    assert (read, type(read)) == (value, type(value))
    assert kind.show(read) == shown
    assert kind.say(read) == (more[1] if len(more) > 1 else shown)


REFUSED = [
    (BOOLEAN, "yes", "`yes` is not a boolean", "write true"),
    (BOOLEAN, "Off", "`Off` is not a boolean", "write false"),
    (BOOLEAN, "True", "`True` is not a boolean", "write true"),
    (BOOLEAN, "1", "`1` is not a boolean", "write true or false"),
    (INTEGER, "1.0", "`1.0` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "1_000", "`1_000` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "0x10", "`0x10` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "1e3", "`1e3` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "", "`` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "\u0663", "`\u0663` is not a whole number", "write digits only, such as 1000"),
    (INTEGER, "9007199254740993", "`9007199254740993` is outside ±2^53", "write a smaller whole number"),
    (INTEGER, "9" * 5000, f"`{'9' * 40}` is outside ±2^53", "write a smaller whole number"),
    (COUNT, "-1", "-1 is less than 0", "write a whole number from 0 up"),
    (NUMBER, "NaN", "`NaN` is not a number", "write a finite number, such as 0.05"),
    (NUMBER, ".inf", "`.inf` is not a number", "write a finite number, such as 0.05"),
    (NUMBER, "1e400", "`1e400` is too large for a number", "write a finite number, such as 0.05"),
    (NUMBER, "5%", "`5%` is not a number", "write a finite number, such as 0.05"),
    (RATE, "1.5", "1.5 is not between 0 and 1", "write a number in that range"),
    (STRING, "", "the text is empty", "write something, or leave the line out"),
    (PATH, "", "the path is empty", "write a path relative to this file"),
    (PATH, "a\0b", "the path holds a NUL character", "write a path relative to this file"),
    (COLOUR, "darkred", "`darkred` is not one of red, dark-red, blue", "write dark-red"),
    (COLOUR, "Red", "`Red` is not one of red, dark-red, blue", "write red"),
    (COLOUR, "square", "`square` is not one of red, dark-red, blue", "write one of red, dark-red, blue"),
    (DURATION, "30", "`30` is a number without a unit where a duration is needed", UNITS),
    (DURATION, "2 years", "`years` is not a unit of time", UNITS),
    (DURATION, "30 fortnights", "`fortnights` is not a unit of time", UNITS),
    (DURATION, "P30D", "`P30D` is not a duration", UNITS),
    (DURATION, "30D", "`30D` is not a duration", UNITS),
    (DURATION, "1d 2h", "`1d 2h` is not a duration", UNITS),
    (DURATION, "-1d", "`-1d` is a negative duration", UNITS),
    (DURATION, "0.5ms", "`0.5ms` is not a whole number of milliseconds within ±2^53", UNITS),
    (DURATION, "9007199254740993ms", "`9007199254740993ms` is not a whole number of milliseconds within ±2^53", UNITS),
    (DURATION, "999999 year", "`999999 year` is not a whole number of milliseconds within ±2^53", UNITS),
    (DAYS, "12h", "`12h` is not a whole number of days", "write days, such as 30d"),
    (DATE, "20.11.2026", "`20.11.2026` is not a date", "write year-month-day, such as 2026-11-20"),
    (DATE, "2026-02-30", "`2026-02-30` is not a date", "write year-month-day, such as 2026-11-20"),
    (DATE, "20261120", "`20261120` is not a date", "write year-month-day, such as 2026-11-20"),
    (DATE, "2026-W01-1", "`2026-W01-1` is not a date", "write year-month-day, such as 2026-11-20"),
    (MONEY, "200", "`200` is not an amount of money", "write an amount and its currency, such as 200 USD"),
    (MONEY, "USD 200", "`USD 200` is not an amount of money", "write an amount and its currency, such as 200 USD"),
    (MONEY, "200 usd", "`200 usd` is not an amount of money", "write an amount and its currency, such as 200 USD"),
    (MONEY, "-5 USD", "`-5 USD` is not an amount of money", "write an amount and its currency, such as 200 USD"),
    (MONEY, "1,000 USD", "`1,000 USD` is not an amount of money", "write an amount and its currency, such as 200 USD"),
]


@pytest.mark.parametrize(
    ("kind", "text", "message", "remedy"), REFUSED, ids=[f"{row[0].name} {row[1][:20]!r}" for row in REFUSED]
)
def test_what_is_refused(kind, text, message, remedy):
    with pytest.raises(KindError) as caught:
        kind.read(text, plain=True)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)


@pytest.mark.parametrize("kind", [BOOLEAN, INTEGER, NUMBER])
@pytest.mark.parametrize("text", ["5", "true", ""])
def test_quotes_make_text_of_a_number_and_of_a_boolean(kind, text):
    with pytest.raises(KindError, match="quoted text") as caught:
        kind.read(text, plain=False)
    assert caught.value.remedy == (f"write {text} without quotes" if text else f"write {kind.describe()}")


@pytest.mark.parametrize("kind", [STRING, PATH, COLOUR, DURATION, DATE, MONEY])
def test_quotes_mean_nothing_elsewhere(kind):
    text = {"string": "a", "path": "a", "enumeration": "red", "duration": "5d", "date": "2026-01-01", "money": "5 USD"}
    assert kind.read(text[kind.name], plain=False) == kind.read(text[kind.name], plain=True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.describe())
def test_what_is_shown_is_read_as_the_same_value(kind):
    @given(values_of(kind))
    def check(value):
        # -0.0 is 0, and is shown so.
        assert kind.read(kind.show(value), plain=True) == value
        assert kind.say(value)

    check()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.describe())
def test_what_is_kept_is_canonical_and_comes_back(kind):
    @given(values_of(kind))
    def check(value):
        encoded = kind.encode(value)
        canonical_json(encoded)
        decoded = kind.decode(encoded)
        assert (decoded, type(decoded)) == (value, type(value))

    check()


@pytest.mark.parametrize("kind", [INTEGER, NUMBER, DURATION])
@pytest.mark.parametrize("value", [LARGEST_INTEGER, LARGEST_INTEGER - 1])
def test_the_largest_whole_numbers_can_be_kept(kind, value):
    assert canonical_json(kind.encode(value)) == str(value).encode()


@given(st.text(max_size=50))
@example("1" * 45)
@example("1e999999999")
@example("2026-11-2\u0660")
@example("9" * 39 + "d")
def test_any_text_is_read_or_refused_in_words(text):
    for kind in KINDS:
        try:
            value = kind.read(text, plain=True)
        except KindError as error:
            said = (error.message, error.remedy)
        else:
            said = (kind.show(value), kind.say(value))
            assert kind.read(kind.show(value), plain=True) == value
        assert all(said)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (BOOLEAN, "true or false"),
        (INTEGER, "a whole number"),
        (NUMBER, "a number"),
        (STRING, "a string"),
        (COLOUR, "one of red, dark-red, blue"),
        (list_of(COLOUR), "a list (one of red, dark-red, blue)"),
        (SCHEMA.fields["tried"].kind, "a list of records"),
    ],
)
def test_what_to_write(kind, expected):
    assert kind.describe() == expected


def test_money_of_two_currencies_compares_only_with_nothing():
    assert Money(5, "USD").compare(Money(3, "USD")) == 2
    assert Money(5, "USD").compare(Money(5, "EUR")) is None
    assert Money(0, "USD").compare(Money(5, "EUR")) == -5
    assert Money(5, "USD").compare(Money(0, "EUR")) == 5


def kinds_of(kind: Kind):
    yield kind
    if isinstance(kind, ListKind):
        yield from kinds_of(kind.of)
    if isinstance(kind, RecordsKind):
        for field in kind.fields:
            yield from kinds_of(field.kind)


def test_the_schema_uses_no_kind_that_is_not_tried_here():
    used = {type(kind) for field in SCHEMA.fields.values() for kind in kinds_of(field.kind)}
    assert used == {type(kind) for kind in KINDS} | {ListKind, RecordsKind}
