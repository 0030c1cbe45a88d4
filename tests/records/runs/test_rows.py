"""What cannot be of a run is refused, whoever made it up, and all of it is said at once."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.records.faults import LedgerError
from policy.records.runs.rows import ACTIVITIES, LONGEST, LONGEST_NAME, STATES, check_row, is_digest, is_line
from tests.records.runs.made import MANIFEST, make_row

FINE = [
    {},
    {"manifest": "", "decision": "", "parent": "", "verdict": ""},
    {"run": "x" * LONGEST, "server": "ml.acme.example", "experiment": "1234567890" * 3},
    {"project": "n" * LONGEST_NAME},
    {"project": "Ünïcode, with\u00a0spaces and \U0001f469\u200d\U0001f4bb"},
    *({"state": state} for state in STATES),
    *({"activity": activity} for activity in ACTIVITIES),
    *({"verdict": verdict} for verdict in ("allow", "flag", "hold", "block")),
]
HOSTILE = ["\n", "a\0b", "a\x1b[31mb", "a\x7f", "a\x9b", "a\u2028b", "\ud800", "tab\t"]
WRONG = [
    ({"run": ""}, "the `run` of a run is empty"),
    ({"server": ""}, "the `server` of a run is empty"),
    ({"experiment": ""}, "the `experiment` of a run is empty"),
    ({"run": "x" * (LONGEST + 1)}, "the `run` of a run has 251 characters"),
    ({"parent": "x" * 1_000_000}, "the `parent` of a run has 1,000,000 characters"),
    ({"project": "x" * (LONGEST_NAME + 1)}, "the `project` of a run has 501 characters"),
    ({"state": "fine"}, "a run has no state `'fine'`"),
    ({"state": ""}, "a run has no state `''`"),
    ({"activity": "inference"}, "a run has no activity `'inference'`"),
    ({"verdict": "maybe\n"}, "a run has no verdict `'maybe\\n'`"),
    ({"manifest": "sha256:abc"}, "the `manifest` of a run is no digest: `'sha256:abc'`"),
    ({"decision": MANIFEST.upper()}, "the `decision` of a run is no digest"),
    ({"run": 7}, "the `run` of a run is no text"),
    ({"parent": None}, "the `parent` of a run is no text"),
    *(({name: text}, f"the `{name}` of a run cannot be printed") for text in HOSTILE for name in ("run", "project")),
]


@pytest.mark.parametrize("changes", FINE)
def test_what_a_run_may_be(changes):
    check_row(make_row(**changes))


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_what_no_run_is(changes, message):
    with pytest.raises(PolicyError) as caught:
        check_row(make_row(**changes))
    # It is not a fault of the ledger, on which a gate may be told to go on.
    assert not isinstance(caught.value, LedgerError)
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert problem.message.isprintable()
    assert problem.remedy


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(PolicyError) as caught:
        check_row(make_row(run="", state="fine", project="\n"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("text", ["", "sha256:", MANIFEST[:-1], MANIFEST + "0", MANIFEST.upper(), "sha512:" + "0" * 64])
def test_what_is_no_digest(text):
    assert is_digest(MANIFEST)
    assert not is_digest(text)


def test_a_text_that_was_never_utf_8_is_no_line():
    assert not is_line("\ud83d")
    assert is_line("\U0001f600")
