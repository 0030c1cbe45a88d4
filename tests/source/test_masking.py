"""What an address holds to log in with, in every spelling that a file may have it in."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location
from policy.source.display import quote_name
from policy.source.excerpt import quote
from policy.source.masking import MASK, find_logins, mask, mask_line, mask_passwords


def hide(text):
    """The text without what is found, line ends included."""
    return mask_line(text, find_logins(text))[0]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://ada:s3cret@h/x", "https://***@h/x"),
        ("HTTPS://ada:s3cret@h/x", "HTTPS://***@h/x"),
        ("postgresql+psycopg://ada:s3cret@h:5432/db", "postgresql+psycopg://***@h:5432/db"),
        ("redis://:s3cret@h", "redis://***@h"),
        ("https://ghp_s3cret@github.com/a", "https://***@github.com/a"),
        ("//ada:s3cret@h/x", "//***@h/x"),
        ("https:////ada:s3cret@h/x", "https:////***@h/x"),
        ("https:/ada:s3cret@h/x", "https:/***@h/x"),
        ("https:ada:s3cret@h/x", "https:***@h/x"),
        # What belongs into a password only when it is escaped, and stands there all the same.
        ("postgresql://ada:s3/cr?et#s3cret@h/db", "postgresql://***@h/db"),
        ("https://ada:s3cret@s3cret@h/x", "https://***@h/x"),
        ("https://ada:s3cret s3cret@h/x", "https://***@h/x"),
        ('https://ada:s3cret"s3cret@h/x', "https://***@h/x"),
        ("https://ada:<s3cret>@h/x", "https://***@h/x"),
        ("https://ada:s3cret\n    s3cret@h/x", "https://***@h/x"),
        ("https://ada:123456/s3cret@h", "https://***@h"),
        ("https://ada:s3cret\uff20h/x", "https://***\uff20h/x"),
        # As YAML, JSON and TOML write them between quotes.
        (r'"https:\/\/ada:s3cret@h"', r'"https:\/\/***@h"'),
        (r'"https://ada:s3cret\x40h"', r'"https://***\x40h"'),
        (r'"https://ada:s3cret\u0040h"', r'"https://***\u0040h"'),
        (r'"https://ada:s3cret\U00000040h"', r'"https://***\U00000040h"'),
        (r'"https://ada\x3as3cret@h"', r'"https://***@h"'),
        (r'"https\u003a\x2f\u002fada:s3cret@h"', r'"https\u003a\x2f\u002f***@h"'),
        (r'"https://ada:s3\"cret@h"', r'"https://***@h"'),
        (r'"https://ada:s3\\cret@h"', r'"https://***@h"'),
        ('"https://ada:12\\\n   34@h"', '"https://***@h"'),
        ('"https:/\\\n   /ada:s3cret@h"', '"https:/\\\n   /***@h"'),
        # An address in an address.
        ("https://h/?next=https%3A%2F%2Fada%3As3cret%40h", "https://h/?next=https%3A%2F%2F***%40h"),
        ("https://h/a,https://ada:s3cret@h", "https://h/a,https://***@h"),
        ("git+https://ada:s3cret@h/x.git", "git+https://***@h/x.git"),
        # What is given behind it.
        ("postgresql://h/db?password=s3cret&sslmode=require", "postgresql://h/db?password=***&sslmode=require"),
        ("https://h/x?a=1&access_token=s3cret#part", "https://h/x?a=1&access_token=***#part"),
        ("https://h/x?X-Amz-Signature=s3cret&a=1", "https://h/x?X-Amz-Signature=***&a=1"),
    ],
)
def test_what_logs_in_is_hidden(text, hidden):
    assert hide(text) == hidden
    assert hide(f"a: [{text}] # b") == f"a: [{hidden}] # b"
    assert hide(f"{text} {text}") == f"{hidden} {hidden}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rows: 10",
        "https://mlflow.example.com:5000/x?a=b#c",
        "https://h:8443, https://h:8443/x",
        "see https://h:8443.",
        "https://[::1]:5000/x",
        "git+https://HOST/REPOSITORY.git@COMMIT",
        "oci://registry.example.com:5000/image@sha256:0123",
        "ada@example.com",
        "sha256:0123@x",
        "C:\\Users\\ada@example.com",
        "a://",
        "//",
        "https://",
        "https://@",
        "\\",
        "https://h\\",
        "\\x4\\u\\U0000",
    ],
)
def test_what_does_not_is_not(text):
    assert (find_logins(text), mask(text)) == ([], text)


def test_a_line_break_within_a_password_hides_both_parts_of_it():
    text = 'a: "https://ada:12\\\n   34@h" # c\nb: 1'
    for line in (1, 2, 3):
        drawn = quote(text, Location("f", line, 1, line, 2), context=2)
        assert "12" not in drawn
        assert "34" not in drawn
        assert f"{MASK}@h" in drawn


@pytest.mark.parametrize(
    ("marked", "then"),
    [
        ((0, 1), (0, 1)),
        ((0, 3), (0, 3)),
        ((3, 9), (3, 6)),
        ((4, 5), (3, 6)),
        ((2, 5), (2, 6)),
        ((5, 10), (3, 7)),
        ((0, 12), (0, 9)),
        ((9, 10), (6, 7)),
        ((11, 12), (8, 9)),
    ],
)
def test_what_is_marked_moves_with_the_mask(marked, then):
    assert mask_line("abcSECRETdef", [(3, 9)], marked) == ("abc***def", then)


def test_several_in_a_line_keep_the_caret_in_its_place():
    text = "a: [https://ada:s3cret@h, https://bob:a-long-s3cret@h, HERE]"
    start = text.index("HERE") + 1
    row, carets = quote(text, Location("f", 1, start, 1, start + 4)).split("\n")
    assert row == " 1 | a: [https://***@h, https://***@h, HERE]"
    assert carets.index("^") == row.index("HERE")
    assert carets.count("^") == 4


def test_a_label_holds_none():
    assert quote("a: b", Location("f", 1, 4, 1, 5), "says https://ada:s3cret@h").endswith("^ says https://***@h")


def test_a_long_line_is_cut_after_it_is_masked():
    text = "a: https://ada:" + "s3cret" * 1000 + "@h/x"
    row, carets = quote(text, Location("f", 1, 4, 1, len(text) + 1)).split("\n")
    assert (row, carets) == (" 1 | a: https://***@h/x", "   |    ^^^^^^^^^^^^^^^")


def test_names_alone_may_be_told():
    text = "write `postgresql://user@host/database`, not `postgresql://user:s3cret@host/database`"
    assert mask_passwords(text) == "write `postgresql://user@host/database`, not `postgresql://***@host/database`"


# Where they stand behind each other by the hundred thousand, nothing takes time that grows faster than they do.
@pytest.mark.parametrize("text", ["//a", "https://u:", "\\x40", "%2F", "\\\n", "//:", "a", "?key=a", "?a", "[", "/:@"])
def test_many_of_anything_are_read_in_one_go(text):
    assert isinstance(find_logins(f"{text * 30_000}/@:"), list)


@given(
    st.text(alphabet="ab:/@\\x40u%3Af2 \n\"'?=&#[]", max_size=60),
    st.builds(Location, st.just("f"), *[st.integers(-2, 70)] * 4),
)
def test_whatever_is_written_the_password_of_an_address_is_not_shown(text, location):
    drawn = quote(f"{text} https://ada:s3cret@h", location, context=60)
    assert "s3cret" not in drawn
    found = find_logins(text)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://bob:12/s3cret@host/x",
        "postgresql://bob:1#s3cret@host/x",
        "postgresql://bob:2024?s3cret@host/x",
        "host=db user=bob password=s3cret",
        "https://host/x?password=a#s3cret",
    ],
)
def test_a_password_of_another_form_is_found_too(text):
    assert "s3cret" not in mask(text)
    assert "s3cret" not in mask_passwords(text)


def test_names_of_things_show_no_password_of_that_form():
    assert quote_name("host=db password=s3cret", 80) == "`host=db password=***`"
