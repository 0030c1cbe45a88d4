from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest
import zstandard
from pyarrow import parquet

from policy.evidence.data.byte_stream import CHUNK
from policy.evidence.scan.files import scan_file
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
from tests.evidence.scan.plants import PERSONAL
from tests.evidence.scan.plants import SECRETS as PLANTED

KEY = PLANTED["github-token"][0]
EMAIL = PERSONAL["email"][0]
TEXT = f'{{"text": "clean"}}\n{{"text": "{KEY} of {EMAIL}"}}\n'.encode()
PACK = {"gzip": gzip.compress, "zstd": zstandard.compress}


@pytest.fixture
def scan(tmp_path):
    def write_and_scan(content: bytes):
        path = tmp_path / "data"
        path.write_bytes(content)
        return scan_file(str(path), (SECRETS, PERSONAL_DATA))

    return write_and_scan


def write_parquet(rows, **options) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer, **options)
    return buffer.getvalue()


def describe(scanned):
    assert scanned.findings is not None, scanned.reason
    return {
        kind: (count, [(place.line, place.column) for place in findings.places])
        for findings in scanned.findings.values()
        for kind, count in findings.counts.items()
    }


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_compressed_text_is_scanned_as_the_text_that_it_holds(pack, scan):
    assert describe(scan(pack(TEXT))) == describe(scan(TEXT)) != {}


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_compressed_text_is_scanned_to_its_end(pack, scan):
    filler = b"".join(b"%d words of a row\n" % number for number in range(2 * CHUNK // 16))
    assert describe(scan(pack(filler + TEXT)))["github-token"][0] == 1


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(TEXT), "it is compressed twice"),
        (write_parquet([{"text": KEY}]), "it is compressed twice"),
        (TEXT + b"\0", "it holds NUL bytes, as binary files and UTF-16 text do"),
        (KEY.encode("utf-16"), "it is encoded as UTF-16"),
    ],
)
def test_what_is_packed_must_be_text(content, reason, pack, scan):
    scanned = scan(pack(content))
    assert (scanned.findings, scanned.reason) == (None, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(TEXT)[:-12], "the compressed data ends too early"),
        (b"\x1f\x8b\x00" + b"\xff" * 30, "the compressed data is damaged"),
        (gzip.compress(b"word\n" * 20_000_000), "the file expands to more than"),
        (write_parquet([{"text": KEY}])[:-4] + b"____", "the Parquet data is damaged"),
        (b"PAR1\x15\x04", "the Parquet data is damaged"),
    ],
    ids=["short", "damaged", "bomb", "footer", "stub"],
)
def test_what_is_broken_is_not_called_clean(content, reason, scan):
    scanned = scan(content)
    assert scanned.findings is None
    assert scanned.reason.startswith(reason)


def test_a_parquet_file_is_scanned_row_by_row(scan):
    rows = [{"text": "clean", "at": datetime(2026, 1, 1, tzinfo=UTC)} for _ in range(700)]
    rows[3] |= {"text": f"write to {EMAIL}"}
    rows[650] |= {"text": f"a key: {KEY}"}
    found = describe(scan(write_parquet(rows, row_group_size=100)))
    assert {kind: (count, places[0][0]) for kind, (count, places) in found.items()} == {
        "email": (1, 4),
        "github-token": (1, 651),
    }


def test_every_kind_of_column_is_looked_at(scan):
    row = {"list": [{"deep": [KEY]}], "bytes": f"\xe9{EMAIL}".encode("latin-1"), "number": 1.5, "none": None}
    assert {kind: count for kind, (count, _) in describe(scan(write_parquet([row] * 3))).items()} == {
        "github-token": 3,
        "email": 3,
    }


def test_a_name_of_a_column_makes_a_value_a_secret(scan):
    found = describe(scan(write_parquet([{"password": "fH7-kq2!Lp9zXw"}])))
    assert sum(count for count, _ in found.values()) == 1
