from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.loading.bundles.archives import read_archive, write_archive
from policy.loading.bundles.content import LARGEST_FILE, MOST_FILES, check_content, digest_files
from policy.loading.bundles.folders import read_folder
from policy.loading.bundles.manifest import make_manifest
from tests.loading.bundles.conftest import FILES, pack_files

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NAMES = st.text("abcß.-_/", min_size=1, max_size=12).filter(
    lambda name: (
        not name.startswith((".", "/"))
        and "//" not in name
        and "/." not in name
        and not name.endswith((".", "/"))
        and "./" not in name
    )
)
CONTENTS = st.dictionaries(NAMES, st.binary(max_size=700), min_size=1, max_size=6)


def is_usable(files):
    try:
        check_content({path: len(data) for path, data in files.items()}, "x")
    except PolicyError:
        return False
    return True


USABLE = CONTENTS.filter(is_usable)


def test_a_digest_stays_what_it_is():
    kept = json.loads((GOLDEN / "policy-bundle-1.json").read_text(encoding="utf-8"))
    files = {path: text.encode() for path, text in kept["files"].items()}
    assert digest_files(files) == kept["digest"]
    archive = (GOLDEN / "policy-bundle-1.tar.gz").read_bytes()
    assert read_archive(archive, "golden") == files


def test_an_archive_stays_what_it_is():
    # How well zlib packs differs from version to version; what is packed does not.
    archive = (GOLDEN / "policy-bundle-1.tar.gz").read_bytes()
    files = read_archive(archive, "golden")
    manifest = gzip.decompress(archive)[512:].partition(b"\0")[0]
    assert gzip.decompress(write_archive(files, manifest)) == gzip.decompress(archive)


def test_the_digest_is_one_that_other_tools_can_make(tmp_path):
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    paths = sorted(FILES)
    lines = subprocess.run(["sha256sum", *paths], cwd=tmp_path, capture_output=True, check=True).stdout
    assert digest_files(FILES) == "sha256:" + sha256(b"policy-bundle/1\n" + lines).hexdigest()


@given(USABLE, st.randoms())
def test_neither_order_nor_the_form_matters(files, random):
    shuffled = list(files.items())
    random.shuffle(shuffled)
    digest = digest_files(files)
    assert digest_files(dict(shuffled)) == digest
    assert digest_files(read_archive(pack_files(dict(shuffled)), "x")) == digest
    written = write_archive(files, make_manifest(files, "x", ""))
    assert written == write_archive(dict(shuffled), make_manifest(dict(shuffled), "x", ""))
    assert read_archive(written, "x") == files


@given(USABLE, USABLE)
def test_two_contents_have_two_digests(first, second):
    assert (digest_files(first) == digest_files(second)) == (first == second)


def test_times_modes_and_hidden_files_are_no_part_of_a_folder(tmp_path):
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    before = read_folder(str(tmp_path), "x")
    assert before == FILES
    os.utime(tmp_path / "policy.yaml", (1, 1))
    (tmp_path / "policy.yaml").chmod(0o700)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    (tmp_path / "policies" / ".swp").symlink_to("/etc")
    (tmp_path / "empty").mkdir()
    assert read_folder(str(tmp_path), "x") == before


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"a": 1, "A": 1}, "`A` beside `a` would be one name"),
        ({str(number): 1 for number in range(MOST_FILES + 1)}, "more than 5,000 files"),
        ({"a": LARGEST_FILE + 1}, "`a` is larger than 4 MiB"),
        ({str(number): LARGEST_FILE for number in range(17)}, "is larger than 64 MiB"),
        ({}, "holds no files"),
    ],
)
def test_what_is_too_much_or_too_little(sizes, message):
    with pytest.raises(PolicyError, match=message):
        check_content(sizes, "acme")


def test_only_some_of_many_faults_are_listed():
    names = {f"{letter}{number}": 1 for number in range(30) for letter in "aA"}
    with pytest.raises(PolicyError) as refusal:
        check_content(names, "acme")
    assert len(refusal.value.problems) == 11
    assert refusal.value.problems[-1].message == "the bundle `acme`: 20 more are wrong"


def test_a_digest_is_the_same_in_another_process():
    code = "from policy.loading.bundles.content import digest_files; print(digest_files({'b': b'1', 'a': b'2'}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == digest_files({"a": b"2", "b": b"1"})
