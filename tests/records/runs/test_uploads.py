"""What clients send is kept by what it is, within limits, and goes again where no run refers to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.records.faults import LedgerError
from policy.records.layout import write_insert
from policy.records.ledger import open_ledger
from policy.records.objects import digest_bytes
from policy.records.people import identify_person
from policy.records.requests.clock import write_time
from policy.records.runs.recording import record_run
from policy.records.runs.uploads import (
    LARGEST,
    LASTS,
    MOST,
    MOST_A_MINUTE,
    MOST_BYTES,
    UploadError,
    drop_expired,
    get_upload,
    put_upload,
)
from tests.records.runs.made import NOW, SAID, make_body, make_row

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def put(ledger, text="one", principal="ada", now=NOW):
    return put_upload(ledger, principal, *make_body(text), now=now)


def fill(ledger, principal, count, size=100, *, now=NOW):
    """Much of one principal, past the limit on how fast it comes."""
    person = identify_person(ledger, principal)
    rows = [(digest_bytes(b"%d" % number), person, write_time(now), size, b"%d" % number) for number in range(count)]
    with ledger.transaction() as transaction:
        transaction.session.write([(write_insert("uploads"), rows)], commit=False)


def count(ledger):
    return ledger.read("SELECT count(*) FROM uploads")[0][0]


def refuse(ledger, *arguments, **more):
    with pytest.raises(UploadError) as caught:
        put_upload(ledger, *arguments, **more)
    (problem,) = caught.value.problems
    assert problem.remedy
    assert problem.message.isprintable()
    # No fault of the ledger, on which a server may be told to go on.
    assert not isinstance(caught.value, LedgerError)
    return caught.value.kind, problem.message


def test_what_is_sent_is_there(ledger):
    digest, body = make_body()
    assert get_upload(ledger, digest, "ada") is None
    assert put_upload(ledger, "ada", digest, body) is True
    assert put_upload(ledger, "ada", digest, body) is False
    assert get_upload(ledger, digest, "ada") == body
    assert get_upload(ledger, digest, None) == body
    assert ledger.head()[0] == 0


def test_it_is_each_one_s_own(ledger):
    digest, body = make_body()
    assert put(ledger, principal="ada")
    assert get_upload(ledger, digest, "bob") is None
    assert put(ledger, principal="bob")
    assert get_upload(ledger, digest, "bob") == body
    assert put(ledger, principal="")
    assert get_upload(ledger, digest, "") == body
    assert count(ledger) == 3


def test_who_is_not_known_has_sent_nothing(ledger):
    put(ledger, principal="")
    assert get_upload(ledger, make_body()[0], "mallory") is None


@pytest.mark.parametrize(
    "digest", ["", "sha256:", make_body("other")[0], make_body()[0].upper(), "x\n" * 100_000, "'--"]
)
def test_another_digest_is_refused(ledger, digest):
    kind, message = refuse(ledger, "ada", digest, make_body()[1])
    assert kind == "digest"
    assert len(message) < 500
    assert count(ledger) == 0


def test_what_is_too_large_is_refused(ledger):
    body = b" " * LARGEST
    assert put_upload(ledger, "ada", digest_bytes(body), body)
    assert refuse(ledger, "ada", digest_bytes(body + b" "), body + b" ") == (
        "size",
        "what is sent has 65,537 bytes, and 65,536 are the most",
    )


@pytest.mark.parametrize("principal", ["x" * 201, "a\nb", "a\0", "\u200b", "\ud800"])
def test_nobody_has_such_a_name(ledger, principal):
    with pytest.raises(PolicyError, match="the principal") as caught:
        put(ledger, principal=principal)
    assert not isinstance(caught.value, LedgerError)
    assert count(ledger) == 0


def test_who_sends_too_often_is_refused_for_a_minute(ledger):
    for number in range(MOST_A_MINUTE):
        assert put(ledger, str(number), now=NOW + number * SECOND / 4)
    kind, message = refuse(ledger, "ada", *make_body("more"), now=NOW + 40 * SECOND)
    assert (kind, message) == ("rate", "you have sent 120 manifests within a minute")
    # What is there is no more, and others are others.
    assert not put(ledger, "0", now=NOW + 40 * SECOND)
    assert put(ledger, "more", principal="bob", now=NOW + 40 * SECOND)
    assert put(ledger, "more", now=NOW + 61 * SECOND)


def test_a_name_in_other_letters_has_no_limits_of_its_own(ledger):
    fill(ledger, "ada", MOST_A_MINUTE)
    for principal in ("ada", "ADA", " ada ", "\uff41da"):
        assert refuse(ledger, principal, *make_body("more"), now=NOW)[0] == "rate"


def test_so_many_are_kept_and_no_more(ledger):
    fill(ledger, "ada", MOST)
    kind, message = refuse(ledger, "ada", *make_body("more"), now=NOW + HOUR)
    assert (kind, "1,000 manifests" in message) == ("storage", True)
    assert put(ledger, "more", principal="bob", now=NOW + HOUR)
    assert count(ledger) == MOST + 1
    # After a day they do not count, whether anybody has cleared them away or not.
    assert put(ledger, "more", now=NOW + LASTS)


def test_so_many_bytes_are_kept_and_no_more(ledger):
    fill(ledger, "ada", MOST_BYTES // LARGEST, LARGEST)
    assert refuse(ledger, "ada", *make_body("more"), now=NOW + HOUR)[0] == "storage"


def test_what_runs_refer_to_takes_no_one_s_room(ledger):
    fill(ledger, "ada", MOST)
    record_run(ledger, make_row(manifest=digest_bytes(b"7")), SAID)
    assert put(ledger, "more", now=NOW + HOUR)
    assert refuse(ledger, "ada", *make_body("one more"), now=NOW + HOUR)[0] == "storage"


def test_what_no_run_refers_to_is_dropped_after_a_day(ledger):
    kept, body = make_body("kept")
    for text in ("kept", "gone", "sent again"):
        put(ledger, text)
    record_run(ledger, make_row(manifest=kept), SAID)
    assert not put(ledger, "sent again", now=NOW + 23 * HOUR)
    assert drop_expired(ledger, now=NOW + LASTS - SECOND) == 0
    assert drop_expired(ledger, now=NOW + LASTS) == 1
    assert drop_expired(ledger, now=NOW + LASTS) == 0
    assert get_upload(ledger, kept, "ada") == body
    assert get_upload(ledger, make_body("gone")[0], "ada") is None
    assert get_upload(ledger, make_body("sent again")[0], "ada") is not None
    assert drop_expired(ledger, now=NOW + 23 * HOUR + LASTS) == 1
    assert drop_expired(ledger, now=NOW + 1000 * LASTS) == 0


def test_who_sends_more_clears_away_what_has_expired(ledger):
    kept, _ = make_body("kept")
    for text in ("kept", "gone"):
        put(ledger, text)
        put(ledger, text, principal="bob")
    record_run(ledger, make_row(manifest=kept), SAID)
    assert put(ledger, "more", now=NOW + LASTS)
    # It is hers alone, and not what a run refers to.
    assert get_upload(ledger, make_body("gone")[0], "ada") is None
    assert get_upload(ledger, make_body("gone")[0], "bob") is not None
    assert get_upload(ledger, kept, "ada") is not None
    assert count(ledger) == 4


def test_what_was_dropped_is_new_again(ledger):
    put(ledger)
    drop_expired(ledger, now=NOW + LASTS)
    assert put(ledger, now=NOW + LASTS)


def test_what_somebody_changed_is_not_given_out(ledger):
    put(ledger)
    with ledger.transaction() as transaction:
        transaction.session.write([("UPDATE uploads SET body = ?", [(b"forged",)])], commit=False)
    for principal in ("ada", None):
        with pytest.raises(LedgerError) as caught:
            get_upload(ledger, make_body()[0], principal)
        assert caught.value.kind == "corrupt"


def test_the_limits_hold_where_many_send_at_once(ledger, url):
    fill(ledger, "ada", MOST_A_MINUTE - 3)
    barrier = Barrier(8)

    def act(number):
        with open_ledger(url, create=False, timeout=120) as own:
            barrier.wait()
            try:
                return put(own, f"number {number}")
            except UploadError:
                return None

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(act, range(8)))
    assert results.count(True) == 3
    assert results.count(None) == 5
    assert count(ledger) == MOST_A_MINUTE


def test_one_manifest_sent_by_many_at_once_is_one(ledger, url):
    barrier = Barrier(8)

    def act(_):
        with open_ledger(url, create=False, timeout=120) as own:
            barrier.wait()
            return put_upload(own, "ada", *make_body())

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(act, range(8))) == [False] * 7 + [True]
    assert count(ledger) == 1


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.text(max_size=8))
def test_any_bytes_come_back_or_are_refused(ledger, body, principal):
    digest = digest_bytes(body)
    try:
        put_upload(ledger, principal, digest, body)
    except PolicyError as error:
        assert "the principal" in error.problems[0].message  # noqa: PT017 - one of two ways out
    else:
        assert get_upload(ledger, digest, principal) == body
