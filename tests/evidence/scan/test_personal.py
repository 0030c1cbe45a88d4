from __future__ import annotations

import json
import uuid
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

import pytest

from policy.evidence.scan.personal import PERSONAL_DATA as FAMILY
from policy.evidence.scan.secrets import SECRETS
from policy.evidence.scan.spans import find_spans
from tests.evidence.scan.plants import PERSONAL, add_luhn, make_iban

PLANTED = [(kind, value) for kind, values in PERSONAL.items() for value in values]


def find(text: str) -> list[str]:
    return [span.kind for span in find_spans(FAMILY, text.encode())]


@pytest.mark.parametrize(("kind", "value"), PLANTED)
@pytest.mark.parametrize("around", ["{}", 'She wrote "{}", thanks.', "a,{},b\n", "<i>{}</i>", "ü{}ü", "({})"])
def test_each_kind_is_found_once(kind, value, around):
    assert find(around.format(value)) == [kind]


@pytest.mark.parametrize(("kind", "value"), [pair for pair in PLANTED if pair[0] not in ("email", "phone")])
def test_one_wrong_digit_is_seen(kind, value):
    last = max(index for index, character in enumerate(value) if character.isdigit())
    changed = value[:last] + str((int(value[last]) + 1) % 10) + value[last + 1 :]
    # These have no check digit: their form and what is never given out is all there is.
    assert find(changed) == ([kind] if kind in ("us-ssn", "uk-nino") else [])


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com, a@mail.example.org, b@example.net",
        "root@localhost, me@printer.local, x@y.test, x@y.invalid, x@shop.example",
        "git@github.com:org/repo.git",
        "noreply@corp.de",
        "icon@2x.png, you@yourdomain.com",
        "@user, @decorator.name, a @ b.de, @@b.de",
        "postgres://admin:s3cret@db.corp.de/x",
        "pkg@1.2.3",
    ],
)
def test_addresses_that_are_nobodys(text):
    assert find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4242424242424242",
        "0.4539578763621486",
        "4539578763621486.5",
        "12-4539578763621486",
        "4539578763621486-12",
        "x4539578763621486",
        add_luhn("953957876362148"),
        add_luhn("453957876362"),
        "4444444444444444",
        "1732155555123456, 1732155555123456789",
        "0000 0000 0000 0000",
    ],
)
def test_numbers_that_are_no_cards(text):
    assert find(text) == []


@pytest.mark.parametrize(
    ("before", "counts"),
    [
        ('{"order": "', False),
        ('{\\"order_number\\": ', False),
        ("Bestellnummer: ", False),
        ("transaction id ", False),
        ('{"card_id": "', True),
        ("order paid by Visa ", True),
        ("the number ", True),
        ("", True),
    ],
)
def test_a_number_that_is_called_otherwise_is_no_card(before, counts):
    assert find(f"{before}4539578763621486") == ["payment-card"] * counts
    # Nobody writes another number in these groups.
    assert find(f"{before}4539 5787 6362 1486") == ["payment-card"]
    assert find(f"{before}255081416802538") == ["fr-nir"] * counts


@pytest.mark.parametrize(
    "text",
    [
        "DE89370400440532013000",
        make_iban("XX", "500105175407324931"),
        make_iban("DE", "50010517540732493"),
        make_iban("DE", "500105175407324931") + "1",
        "X" + make_iban("DE", "500105175407324931"),
    ],
)
def test_accounts_that_are_none(text):
    assert find(text) == []


def test_an_account_may_be_written_in_groups_and_followed_by_capitals():
    account = make_iban("DE", "500105175407324931")
    groups = " ".join(account[start : start + 4] for start in range(0, len(account), 4))
    assert find(f"IBAN {groups} BIC ABCDDEFFXXX") == ["iban"]


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-06T10:00:00+12:00",
        "@@ -1,7 +1,7 @@",
        "1 +1000000001 = x+4930901820",
        "+1 555 555 0199",
        "+12345678901",
        "+999 12345678",
        "+49 00000000",
        "+50 000 000 000",
        "4930901820",
        "YWJj+49309018201/QQ==",
        "+1,000,000 and +123456",
    ],
)
def test_numbers_that_nobody_dials(text):
    assert find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456, 666-12-3456, 912-12-3456, 123-00-4567, 123-45-0000",
        "123-45-6789",
        "1-536-90-4399",
        "536-90-4399-1",
        "BG 10 37 59 A",
        "111222333",
        "12345678Z",
        "44051401359",
        "86095742719",
        "811218-9876",
        "bsn 000000000",
        "111.111.111-11",
        "personnummer 811318-9876",
        "nie wieder 12345678",
    ],
)
def test_numbers_that_were_never_given_out_or_are_not_named(text):
    assert find(text) == []


def write_rows(random: Random) -> str:
    """Rows of what data files are full of, and what is neither secret nor personal."""
    start = datetime(2001, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(2000):
        moment = start + timedelta(seconds=random.randrange(10**9))
        rows.append(
            {
                "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
                "number": number,
                "order": f"ORD-{random.randrange(10**8):08}",
                "order_number": random.randrange(10**9, 10**10),
                "order_id": random.randrange(10**13, 10**17),
                "at": moment.isoformat(),
                "day": moment.date().isoformat(),
                "seconds": moment.timestamp(),
                "milliseconds": int(moment.timestamp() * 1000),
                "score": random.random(),
                "price": f"EUR {random.randrange(10**6)},{random.randrange(100):02}",
                "digest": sha256(str(number).encode()).hexdigest(),
                "commit": random.randbytes(20).hex(),
                "image": "data:image/png;base64," + b64encode(random.randbytes(300)).decode(),
                "version": f"v{random.randrange(20)}.{random.randrange(20)}.{random.randrange(20)}",
                "address": f"192.168.{random.randrange(256)}.{random.randrange(256)}",
                "isbn": f"978-3-16-{random.randrange(10**6):06}-0",
                "url": f"https://www.site.org/a/{random.getrandbits(64):x}?q={random.random()}",
                "tokens": [random.randrange(50000) for _ in range(20)],
            }
        )
    return "\n".join(json.dumps(row) for row in rows)


def test_identifiers_times_digests_and_images_are_no_findings():
    text = write_rows(Random(11)).encode()
    assert len(text) > 2_000_000
    assert find_spans(FAMILY, text) == []
    assert find_spans(SECRETS, text) == []
