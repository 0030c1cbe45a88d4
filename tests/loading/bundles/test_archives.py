"""Archives as honest tools write them, and as those do who want more than to be read."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.loading.bundles import archives, expansion
from policy.loading.bundles.archives import read_archive, write_archive
from policy.loading.bundles.content import LARGEST_FILE
from policy.loading.bundles.manifest import MANIFEST, make_manifest
from tests.loading.bundles.conftest import FILES, member, pack, pack_files

LONG = f"policies/{'x' * 90}/{'y' * 120}.yaml"
FORMS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["policy.yaml", "größe.yaml", LONG, f"{'a' * 60}/{'b' * 60}/c.yaml"])
def test_every_form_of_tar_files(form, name):
    files = {name: b"x" * 1000, "b/c": b"", "a": b"y" * 512}
    if form == tarfile.USTAR_FORMAT and name == LONG:
        pytest.skip("this form has no names so long")
    assert read_archive(pack_files(files, form), "x") == files


def test_what_the_command_tar_writes(tmp_path):
    for path, data in FILES.items():
        (tmp_path / "org" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "org" / path).write_bytes(data)
    subprocess.run(["tar", "czf", "a.tar.gz", "-C", "org", "."], cwd=tmp_path, check=True)
    assert read_archive((tmp_path / "a.tar.gz").read_bytes(), "x") == FILES
    subprocess.run(["tar", "czf", "b.tar.gz", "org"], cwd=tmp_path, check=True)
    assert read_archive((tmp_path / "b.tar.gz").read_bytes(), "x", "org") == FILES


def test_what_git_archive_writes(tmp_path):
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "link").symlink_to("/etc")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    command = ["git", "archive", "--format=tar.gz", "--prefix=org-1/", "HEAD"]
    data = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
    assert read_archive(data, "x", "org-1") == FILES


def test_what_is_outside_of_the_part_that_is_wanted_does_not_matter():
    link = member("org/docs/latest", tarfile.SYMTYPE, linkname="/etc")
    data = pack(link, member("org/policies/a.yaml", data=b"1"), member("org/CON", data=b"2"))
    assert read_archive(data, "x", "org/policies") == {"a.yaml": b"1"}


def alter(start: int, field: bytes, *, repair: bool = True) -> bytes:
    """An archive with other bytes in its first header, with a sum that fits them unless it is to stay as it was."""
    raw = bytearray(gzip.decompress(pack_files(FILES)))
    raw[start : start + len(field)] = field
    if repair:
        raw[148:156] = b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw[:512])
    return gzip.compress(bytes(raw))


OTHER = member("policy.yaml", data=b"x")
HOSTILE = {
    "traversal": (pack(OTHER, member("../x", data=b"1")), "`../x` leads out of it through `..`"),
    "traversal inside": (pack(OTHER, member("a/../../x", data=b"1")), "`a/../../x` leads out of it"),
    "traversal of a hidden name": (pack(OTHER, member(".a/../../x", data=b"1")), "`.a/../../x` leads out of it"),
    "traversal of the other system": (pack(OTHER, member("a\\..\\..\\x", data=b"1")), "leads out of it"),
    "absolute": (pack(OTHER, member("/etc/x", data=b"1")), "`/etc/x` is an absolute path"),
    "drive": (pack(OTHER, member("C:\\x", data=b"1")), "is an absolute path"),
    "backslash": (pack(OTHER, member("a\\x", data=b"1")), "`a\\x` holds a character"),
    "symbolic link": (pack(OTHER, member("a", tarfile.SYMTYPE, linkname="/etc")), "`a` is a symbolic link"),
    "hard link": (pack(OTHER, member("a", tarfile.LNKTYPE, linkname="policy.yaml")), "`a` is a hard link"),
    "device": (pack(OTHER, member("a", tarfile.CHRTYPE)), "`a` is a device"),
    "block device": (pack(OTHER, member("a", tarfile.BLKTYPE)), "`a` is a device"),
    "named pipe": (pack(OTHER, member("a", tarfile.FIFOTYPE)), "`a` is a named pipe"),
    "sparse": (pack(OTHER, member("a", tarfile.GNUTYPE_SPARSE)), "`a` is a sparse file"),
    "sparse by headers": (
        pack(OTHER, member("a", data=b"1", pax_headers={"GNU.sparse.major": "1"})),
        "`a` is a sparse file",
    ),
    "contiguous": (pack(OTHER, member("a", tarfile.CONTTYPE)), "`a` is of the type '7'"),
    "unknown type": (pack(OTHER, member("a", b"V")), "`a` is of the type 'V'"),
    "twice": (pack(OTHER, OTHER), "`policy.yaml` is there twice"),
    "twice by dot": (pack(OTHER, member("./policy.yaml", data=b"y")), "`./policy.yaml` is there twice"),
    "twice by case": (pack(OTHER, member("Policy.yaml", data=b"y")), "`Policy.yaml` beside `policy.yaml`"),
    "twice by form": (pack(OTHER, member("\xe9"), member("e\u0301")), "normal form C"),
    "file and folder": (pack(OTHER, member("policy.yaml/x")), "`policy.yaml` beside `policy.yaml`"),
    "file as folder": (pack(OTHER, member("a/", tarfile.AREGTYPE)), "`a/` has an empty part"),
    "large member": (pack(member("a", data=b"\0" * (LARGEST_FILE + 1))), "`a` is larger than 4 MiB"),
    "large in all": (
        pack(*(member(f"{number}", data=b"\0" * LARGEST_FILE) for number in range(17))),
        "more than 5,000 files or 64 MiB",
    ),
    "zeros": (gzip.compress(b"\0" * 1024), "holds no files"),
    "huge size": (alter(124, b"77777777777\0"), "`policy.yaml` is larger than 256 MiB"),
    "negative size": (alter(124, b"-0000000001\0"), "no number where one belongs"),
    "size in base 256": (alter(124, b"\x80" + b"\xff" * 11), "no number where one belongs"),
    "negative size in base 256": (alter(124, b"\xff" * 12), "no number where one belongs"),
    "size by a header": (pack(OTHER, member("a", pax_headers={"size": "-1"})), "no number where one belongs"),
    "huge size by a header": (pack(OTHER, member("a", pax_headers={"size": "9" * 15})), "`a` is larger than 256 MiB"),
    "long number in a header": (pack(OTHER, member("a", pax_headers={"size": "9" * 5000})), "no number where"),
    "path by a header": (pack(OTHER, member("a", data=b"1", pax_headers={"path": "../x"})), "`../x` leads out of it"),
    "zero in a header": (pack(OTHER, member("a", pax_headers={"path": "x\0y"})), "an extended header is damaged"),
    "large header": (pack(OTHER, member("a", pax_headers={"comment": "x" * 70_000})), "a header is larger than 64 KiB"),
    "wrong sum": (alter(0, b"X", repair=False), "a header is damaged"),
    "name that is no text": (alter(0, b"\xff"), "is not UTF-8"),
    "plain tar": (gzip.decompress(pack_files(FILES)), "is no .tar.gz file"),
    "zip": (b"PK\3\4", "is no .tar.gz file"),
    "empty": (b"", "is no .tar.gz file"),
    "nothing in it": (pack(), "holds no files"),
    "only hidden": (pack(member(".a", data=b"1")), "holds no files"),
    "not compressed data": (b"\x1f\x8b" + b"\xff" * 50, "the compressed data is damaged"),
    "cut off": (pack_files(FILES)[:100], "the compressed data ends too early"),
    "tar cut off": (gzip.compress(gzip.decompress(pack_files(FILES))[:700]), "it ends too early"),
    "no end": (gzip.compress(gzip.decompress(pack_files({"a": b"1"}))[:1024]), "it ends without saying so"),
    "header alone": (gzip.compress(gzip.decompress(pack(member(LONG)))[:1024] + b"\0" * 1024), "belongs to another"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused(name):
    data, message = HOSTILE[name]
    with pytest.raises(PolicyError) as refusal:
        read_archive(data, "acme.tar.gz")
    assert any(message in problem.message for problem in refusal.value.problems), refusal.value.problems
    assert all("`acme.tar.gz`" in problem.message and problem.remedy for problem in refusal.value.problems)


@pytest.mark.parametrize("key", ["path", "size", "linkpath", "GNU.sparse.name"])
def test_a_header_for_all_members_names_none(key):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, pax_headers={key: "1"}) as archive:
        archive.addfile(member("a", data=b"1")[0], io.BytesIO(b"1"))
    with pytest.raises(PolicyError, match=f"a header for all members says `{key}`"):
        read_archive(gzip.compress(packed.getvalue()), "x")


def test_a_bomb_is_expanded_no_further_than_a_limit(monkeypatch):
    monkeypatch.setattr(expansion, "LARGEST_EXPANDED", 1024**2)
    bomb = pack(OTHER, *(member(f".{number}", data=b"\0" * 100_000) for number in range(11)))
    assert len(bomb) < 10_000
    with pytest.raises(PolicyError, match="it expands to more than 1 MiB"):
        read_archive(bomb, "x")


def test_too_many_members(monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    data = pack(*(member(f".hidden{number}") for number in range(4)))
    with pytest.raises(PolicyError, match="it has more than 3 members"):
        read_archive(data, "x")


def test_too_many_files(monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    with pytest.raises(PolicyError, match="it holds more than 3 files"):
        read_archive(pack(*(member(str(number)) for number in range(4))), "x")


@given(st.binary(max_size=3), st.integers(0, 4000), st.booleans())
def test_a_damaged_archive_is_refused_or_read_as_it_was(noise, place, cut):
    raw = gzip.decompress(GOOD)
    where = place % len(raw)
    damaged = raw[:where] + noise + (b"" if cut else raw[where + len(noise) :])
    for data in (gzip.compress(damaged), GOOD[: place % len(GOOD)] + noise + GOOD[place % len(GOOD) + len(noise) :]):
        try:
            files = read_archive(data, "x")
        except PolicyError:
            continue
        assert all(isinstance(content, bytes) for content in files.values())


GOOD = write_archive(FILES, make_manifest(FILES, "x", "1"))


def test_several_streams_and_zeros_behind_them():
    raw = gzip.decompress(GOOD)
    assert read_archive(gzip.compress(raw[:700]) + gzip.compress(raw[700:]) + b"\0" * 99, "x") == FILES
    empty = zlib.compress(b"", wbits=31)
    assert read_archive(empty + GOOD, "x") == FILES


def test_an_archive_is_of_no_time_and_of_nobody():
    with tarfile.open(fileobj=io.BytesIO(GOOD)) as archive:
        members = archive.getmembers()
    assert [found.name for found in members] == [MANIFEST, *sorted(FILES)]
    assert {(found.mtime, found.uid, found.gid, found.uname, found.gname, found.mode) for found in members} == {
        (0, 0, 0, "", "", 0o644)
    }
    assert GOOD[4:8] == b"\0\0\0\0"


def change(**others):
    document = json.loads(make_manifest(FILES, "acme", "1.2"))
    return json.dumps({**document, **others}).encode()


LISTED = json.loads(make_manifest(FILES, "acme", "1.2"))["files"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"{", "a manifest that is damaged"),
        (b"[]", "a manifest that is damaged"),
        (b"[" * 100_000, "a manifest that is damaged"),
        (b"\xff", "a manifest that is damaged"),
        (change(format="policy-bundle/2"), "is of the format `policy-bundle/2`; this version reads `policy-bundle/1`"),
        (change(format=["x"]), "is of the format"),
        (change(files={}), "`policies/one/rows.yaml` is not in its manifest"),
        (change(files={**LISTED, "x": 1}), "its manifest lists `x`, which is not there"),
        (change(files={**LISTED, "policy.yaml": {"size": 1}}), "lists another content of `policy.yaml`"),
        (change(digest="sha256:0"), "a manifest with another digest"),
    ],
)
def test_a_manifest_that_does_not_fit(manifest, message):
    with pytest.raises(PolicyError) as refusal:
        read_archive(write_archive(FILES, manifest), "acme")
    (problem,) = refusal.value.problems
    assert message in problem.message
    assert problem.remedy


def test_a_manifest_says_what_is_packed():
    document = json.loads(make_manifest(FILES, "acme", "1.2"))
    assert (document["format"], document["name"], document["version"]) == ("policy-bundle/1", "acme", "1.2")
    assert document["built_by"].startswith("tunegate ")
    assert document["files"]["policy.yaml"]["size"] == len(FILES["policy.yaml"])
    assert "version" not in json.loads(make_manifest(FILES, "acme", ""))
