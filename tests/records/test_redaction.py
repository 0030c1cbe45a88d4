"""No secret enters: it is replaced before anything is hashed, or what holds it is refused."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.scan.secrets import SECRETS
from policy.evidence.scan.spans import find_spans
from policy.records.faults import LedgerError
from policy.records.redaction import Redactor

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
MARK = "[redacted: github-token]"


@pytest.fixture
def redactor():
    """With what the data scan finds secrets with."""
    return Redactor(lambda text: find_spans(SECRETS, text))


def recognise_digits(text):
    return ((found.start(), found.end(), "digits") for found in re.finditer(rb"\d{4,}", text))


def test_a_token_is_replaced_wherever_it_stands(redactor):
    value = {
        "text": f"the key\n{TOKEN}!",
        TOKEN: [1, {"deep": (TOKEN, None, True, 1.5)}],
        "plain": "sha256:" + "0" * 64,
    }
    redacted = redactor.redact_value(value)
    assert TOKEN not in json.dumps(redacted)
    assert redacted["text"] == f"the key\n{MARK}!"
    assert redacted[MARK] == [1, {"deep": [MARK, None, True, 1.5]}]
    assert redacted["plain"] == value["plain"]


def test_a_password_beside_its_key_is_replaced(redactor):
    value = {"password": "hunter2-Tr0ub4dor&3", "other": "kept"}
    redacted = redactor.redact_value(value)
    assert "hunter2" not in json.dumps(redacted)
    assert redacted["other"] == "kept"


def test_what_has_no_secret_is_the_same(redactor):
    value = {"text": "nothing here", "list": [1, 2.5, None]}
    assert redactor.redact_value(value) is value


def test_a_secret_that_is_no_text_is_replaced_or_refused():
    redactor = Redactor(recognise_digits)
    with pytest.raises(LedgerError, match="cannot be taken out"):
        redactor.redact_value({"number": 123456})


def test_findings_that_overlap_leave_nothing_between_them():
    redactor = Redactor(lambda text: [(2, 6, "a"), (4, 9, "b")] if text.startswith(b"0123456789") else [])
    assert redactor.redact_value("0123456789-") == "01[redacted: a]9-"


# JSON escapes what is not seen in digits, which `recognise_digits` takes for a finding.
visible = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | visible,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.text('12345a\\"\n', max_size=12), max_size=4), json_values)
def test_afterwards_nothing_is_recognised(texts, other):
    redactor = Redactor(recognise_digits)
    value = {"texts": texts, "other": [str(other)]}
    redacted = redactor.redact_value(value)
    assert not list(recognise_digits(json.dumps(redacted, ensure_ascii=False).encode("utf-8", "replace")))
    assert redactor.redact_value(redacted) is redacted
