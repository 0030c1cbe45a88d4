from __future__ import annotations

import json
import lzma
import os
from traceback import format_exception

import pytest

from policy.evidence.scan import files
from policy.evidence.scan.files import FileScan, ScanFaultError, scan_file
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
from policy.evidence.scan.spans import MOST_PLACES, Family
from policy.model.evidence_settings import EvidenceSettings
from policy.plugins.metering import Meter
from tests.evidence.scan.plants import PERSONAL
from tests.evidence.scan.plants import SECRETS as PLANTED

FAMILIES = (SECRETS, PERSONAL_DATA)
KEY = PLANTED["github-token"][0]
EMAIL = PERSONAL["email"][0]


@pytest.fixture
def scan(tmp_path):
    def write_and_scan(content: bytes | str):
        path = tmp_path / "data.jsonl"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return scan_file(str(path), FAMILIES)

    return write_and_scan


def total(scanned: FileScan, family: str) -> int:
    assert scanned.findings is not None, scanned.reason
    return scanned.findings[family].total


def get_places(scanned: FileScan, family: str = "secrets") -> list[tuple[int, int, int]]:
    assert scanned.findings is not None, scanned.reason
    return [(place.line, place.column, place.offset) for place in scanned.findings[family].places]


def test_counts_and_places_of_each_family(scan):
    text = f'{{"a": "é {KEY}"}}\n\n{{"b": "{EMAIL} or {KEY}"}}\n'
    scanned = scan(text)
    assert scanned.findings["secrets"].counts == {"github-token": 2}
    assert scanned.findings["personal_data"].counts == {"email": 1}
    data = text.encode()
    second = data.rindex(KEY.encode())
    assert get_places(scanned) == [(1, 10, 10 + 1 - 1), (3, 8 + len(EMAIL) + 4, second)]
    assert get_places(scanned, "personal_data") == [(3, 8, data.index(EMAIL.encode()))]


def test_an_empty_file_holds_nothing(scan):
    scanned = scan(b"")
    assert total(scanned, "secrets") == total(scanned, "personal_data") == 0


@pytest.mark.parametrize("kind", sorted({**PLANTED, **PERSONAL}))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_all_kinds_are_found_in_json_strings_however_deep(kind, ascii_only, scan):
    family = "secrets" if kind in PLANTED else "personal_data"
    for value in {**PLANTED, **PERSONAL}[kind]:
        row = f'Ünïcode\n{value}\n"日本"'
        for _ in range(3):
            row = json.dumps({"content": row}, ensure_ascii=ascii_only)
            assert scan(row + "\n").findings[family].counts == {kind: 1}, value


def test_escaped_signs_and_slashes_hide_nothing(scan):
    hidden = "".join(f"\\u{ord(character):04x}" for character in KEY)
    scanned = scan('{"a": "x' + EMAIL.replace("@", "\\u0040") + '", "b": "' + hidden + '", "c": "' + KEY + '"}')
    assert scanned.findings["personal_data"].counts == {"email": 1}
    assert scanned.findings["secrets"].counts == {"github-token": 2}
    start = len('{"a": "x' + EMAIL.replace("@", "\\u0040") + '", "b": "')
    assert get_places(scanned) == [(1, start + 1, start), (1, start + 10 + len(hidden), start + 9 + len(hidden))]


@pytest.mark.parametrize("shift", range(0, len(KEY) + 3, 3))
def test_a_finding_is_not_cut_and_not_counted_twice_on_a_line_without_end(shift, scan):
    filler = b"word " * (1 << 18)
    at = [(1 << 20) * number - shift for number in range(1, 5)]
    data = bytearray(filler * 5)
    for place in at:
        data[place - 1 : place + len(KEY) + 1] = f" {KEY} ".encode()
    scanned = scan(bytes(data))
    assert get_places(scanned) == [(1, place + 1, place) for place in at]


def test_many_findings_are_all_counted_and_few_places_kept(scan):
    scanned = scan(f"{EMAIL} " * 60_000)
    assert scanned.findings["personal_data"].counts == {"email": 60_000}
    assert len(scanned.findings["personal_data"].places) == MOST_PLACES


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lzma.compress(b"x" * 100), "it is compressed by xz"),
        (b"PK\x03\x04rest", "it is a ZIP archive"),
        (KEY.encode("utf-16"), "it is encoded as UTF-16"),
        (KEY.encode("utf-16-le"), "it holds NUL bytes, as binary files and UTF-16 text do"),
        (b"a\n" * (1 << 20) + b"\0", "it holds NUL bytes, as binary files and UTF-16 text do"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "it is a Git LFS pointer, and the data itself is not fetched",
        ),
    ],
)
def test_what_is_not_text_is_said_and_not_called_clean(content, reason, scan):
    scanned = scan(content)
    assert scanned.findings is None
    assert scanned.reason == reason


def test_other_encodings_are_read_as_far_as_they_are_ascii(scan):
    assert total(scan(f"Stra\xdfe {KEY} \xe9{EMAIL}".encode("latin-1")), "secrets") == 1
    assert total(scan(b"\xef\xbb\xbf" + KEY.encode()), "secrets") == 1
    assert total(scan(b"\x80\xff\xfe\xc3" + KEY.encode() + b"\xc3\x28"), "secrets") == 1


def test_a_file_beyond_the_limit_is_not_scanned(scan):
    with Meter(EvidenceSettings(size_limit=10)):
        with pytest.raises(OSError, match="it is larger than 10 B; `evidence: "):
            scan(b"x" * 11)
        assert scan(b"x" * 10).findings is not None


@pytest.mark.parametrize("change", [b"more", None])
def test_a_file_that_changes_while_it_is_read_is_unknown(change, tmp_path, monkeypatch):
    path = tmp_path / "data.txt"
    path.write_bytes(b"text\n" * 100)

    def read_and_change(stream):
        yield stream.read()
        if change:
            path.write_bytes(change)
        else:
            os.utime(path, ns=(0, 0))

    monkeypatch.setattr(files, "read_text", read_and_change)
    scanned = scan_file(str(path), FAMILIES)
    assert (scanned.findings, scanned.reason) == (None, "it was changed while it was read")


def test_what_is_no_file_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match=r"regular|No such|directory"):
            scan_file(str(path), FAMILIES)


@pytest.mark.parametrize(
    "piece",
    [
        *("1", "1 ", "4111 1111 ", "@", "a@b.", "+1", "+1 2 3 ", "\\", "\\\\u00", "\\u0040", "\\/", "\\u4e2d"),
        *("eyJ", "eyJaaaaaaaaaaaa.", "sk-ant-", "-----BEGIN ", "token=", "DE89 ", "DE89", "://a:", "bsn ", "xoxb-1-"),
        *("glpat-", "nie12345678 ", "ABCDEF12A34B567", "a.", "a-", "\n", '"', "password: "),
    ],
)
def test_repeats_come_to_an_end_and_hold_nothing(piece, scan):
    scanned = scan(piece * (300_000 // len(piece)))
    assert total(scanned, "secrets") == total(scanned, "personal_data") == 0


def test_what_breaks_says_nothing_of_the_text(scan):
    def break_on(text):
        raise ValueError(f"broken by {text!r}")

    path_families = (Family("secrets", (break_on,)),)
    with pytest.raises(ScanFaultError) as caught:
        scan_broken(scan, path_families)
    assert str(caught.value) == "the scan broke near byte 0 (ValueError)"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert KEY not in "".join(format_exception(caught.value))


def scan_broken(scan, families):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "FAMILIES", families)
        scan(f"text {KEY}")
