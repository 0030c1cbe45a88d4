from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.model.approval import Approval
from policy.model.canonical import canonical_json
from policy.model.recorded.exceptions import decode_approvals, decode_waivers, encode_approvals, encode_waivers
from policy.model.waiver import Waiver
from tests.strategies import texts

TIMES = st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]))
WAIVERS = st.builds(Waiver, texts, texts, texts, st.dates(), texts, texts, texts)
APPROVALS = st.builds(Approval, texts, texts, texts, texts, TIMES)


@given(st.lists(WAIVERS, max_size=3).map(tuple))
def test_waivers_come_back_in_their_order(waivers):
    assert decode_waivers(json.loads(canonical_json(encode_waivers(waivers)))) == waivers


@given(st.lists(APPROVALS, max_size=3).map(tuple))
def test_approvals_come_back(approvals):
    again = decode_approvals(json.loads(canonical_json(encode_approvals(approvals))))
    # The bytes of a decision hold the time as it is written, with its zone.
    assert list(map(str, again)) == [str(approval._replace(expires=read_back(approval.expires))) for approval in again]
    assert again == approvals


def read_back(time):
    return time and datetime.fromisoformat(time.isoformat())


WAIVER = Waiver("a", "b", "c", date(2027, 1, 1))
GOOD = encode_waivers([WAIVER])
ROW = GOOD["waivers"][0]
APPROVED = encode_approvals([Approval("a", "b", "ci", "sha256:1", datetime(2027, 1, 1, tzinfo=UTC))])


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {**GOOD, "format": "policy-waivers/2"},
        {**GOOD, "waivers": {}},
        {**GOOD, "waivers": ["a"]},
        {**GOOD, "waivers": [3]},
        {**GOOD, "waivers": [{}]},
        {**GOOD, "waivers": [{**ROW, "more": ""}]},
        {**GOOD, "waivers": [{**ROW, "owner": None}]},
        {**GOOD, "waivers": [{**ROW, "expires": "tomorrow"}]},
    ],
)
def test_what_is_no_such_document_is_refused(document):
    with pytest.raises(PolicyError, match="the recorded waivers cannot be read"):
        decode_waivers(document)


@pytest.mark.parametrize("expires", ["2027-01-01T00:00:00", "never", 3])
def test_an_approval_without_a_moment_at_which_it_ends_is_refused(expires):
    with pytest.raises(PolicyError, match="the recorded approvals cannot be read"):
        decode_approvals({**APPROVED, "approvals": [{**APPROVED["approvals"][0], "expires": expires}]})
