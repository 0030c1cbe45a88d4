from __future__ import annotations

import shutil

import pytest

from policy.errors import Location, PolicyError
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.late import LateOpener
from policy.loading.bundles.names import looks_packed
from policy.loading.bundles.store import Kept, find_store
from tests.loading.bundles.conftest import FILES, pack_files

PIN = "#" + digest_files(FILES).replace(":", "=")
OTHER = f"#sha256={'0' * 64}"
HERE = Location("policy.yaml", 2, 11)
FAR = f"https://example.com/org.tar.gz{PIN}"


@pytest.fixture
def root(write):
    files = {f"org/{path}": data for path, data in FILES.items()}
    return write({**files, "org.tar.gz": pack_files(FILES), "all.tgz": pack_files(files), "plain.txt": "x"})


def refuse(name, root, opener=None, top=""):
    with pytest.raises(PolicyError) as refusal:
        (opener or LateOpener()).open(name, str(root), HERE, top)
    assert all(problem.remedy and problem.location == HERE for problem in refusal.value.problems)
    return refusal.value.problems[0]


def test_a_folder_is_used_where_it_is(root, store):
    opened = LateOpener().open(f"org{PIN}", str(root), HERE)
    assert opened is not None
    assert (opened.folder, opened.files, opened.size) == (str(root / "org"), 2, sum(map(len, FILES.values())))
    assert not list(store.iterdir())


@pytest.mark.parametrize("name", [f"./org.tar.gz{PIN}", f"all.tgz{PIN}&subdirectory=org"])
def test_an_archive_is_unpacked_once_and_read_again_each_time(root, name):
    kept = Kept(find_store(), digest_files(FILES))
    for _ in range(2):
        opened = LateOpener().open(name, str(root), HERE)
        assert opened is not None
        assert opened.folder == kept.folder
        assert kept.verify()
    (root / "org.tar.gz").write_bytes(pack_files({"a": b"1"}))
    (root / "all.tgz").write_bytes(pack_files({"org/a": b"1"}))
    assert "is not what it is pinned to" in refuse(name, root).message


def test_what_is_damaged_where_it_is_kept_is_unpacked_again(root):
    kept = Kept(find_store(), digest_files(FILES))
    kept.fill({"policy.yaml": b"policy_set: 1\n"})
    opened = LateOpener().open(f"org.tar.gz{PIN}", str(root), HERE)
    assert opened is not None
    assert kept.verify()


@pytest.mark.parametrize("name", ["org", "org.tar.gz"])
def test_another_content_than_the_pinned_one(root, name):
    problem = refuse(name + OTHER, root)
    assert problem.message == (
        f"the content of the bundle `org` is not what it is pinned to: it has {digest_files(FILES)}"
    )
    assert "pin it anew after a look at it" in problem.remedy


def test_what_is_gone_is_taken_from_where_it_is_kept(root):
    # As in a copy of the policy set's own files, made for a hook or from another revision.
    assert "there is no bundle at `moved/org`" in refuse(f"moved/org{PIN}", root).message
    LateOpener().open(f"org.tar.gz{PIN}", str(root), HERE)
    shutil.rmtree(root / "org")
    opened = LateOpener().open(f"org{PIN}", str(root), HERE)
    assert opened is not None
    assert opened.folder == Kept(find_store(), digest_files(FILES)).folder


def test_nothing_is_fetched_by_itself(root):
    problem = refuse(FAR, root)
    assert problem.message == "the bundle `org` is not kept here, and no check fetches anything"
    assert "`policy bundle fetch`" in problem.remedy
    kept = Kept(find_store(), digest_files(FILES))
    kept.fill({"policy.yaml": b"other"})
    assert "was damaged or changed where it is kept" in refuse(FAR, root).message
    fetched = LateOpener(lambda _: FILES).open(FAR, str(root), HERE)
    assert fetched is not None
    assert kept.verify()
    assert LateOpener().open(FAR, str(root), HERE) == fetched


def test_what_is_fetched_must_be_what_is_pinned(root):
    opener = LateOpener(lambda _: {"policy.yaml": b"other"})
    assert "is not what it is pinned to" in refuse(FAR, root, opener).message
    assert not Kept(find_store(), digest_files(FILES)).is_there
    assert opener.used == {}


def test_each_bundle_is_opened_once(root):
    fetched = []

    def fetch(reference):
        fetched.append(reference.text)
        return FILES

    opener = LateOpener(fetch)
    assert opener.open(FAR, str(root)) is opener.open(FAR, str(root / "org"))
    assert fetched == [FAR] == list(opener.used)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("https://example.com/org.tar.gz", "is not pinned"),
        ("./org.tar.gz", "`./org.tar.gz` is not pinned"),
        ("missing.zip", "`missing.zip` is not pinned"),
        ("a/org@sha256:0123", "is not pinned"),
        ("git@example.com:a/b.git", "is no address"),
        (f"plain.txt{PIN}", "`plain.txt` is neither a folder nor a .tar.gz file"),
        (f"org{PIN[:-1]}", "is no digest of a bundle"),
    ],
)
def test_names_of_bundles_that_are_wrong(root, name, message):
    assert message in refuse(name, root).message


@pytest.mark.parametrize("name", ["org", "catalogue", "catalogue:cost", "plain.txt", "../x", "a\0.zip"])
def test_names_of_no_bundles(root, name):
    assert LateOpener().open(name, str(root), HERE) is None
    (root / "org.git").mkdir()
    assert not looks_packed("org.git", str(root))


@pytest.mark.parametrize("name", ["../org.tar.gz", "/srv/org", ".hidden/org", "../other/org"])
def test_in_a_bundle_nothing_outside_is_named(root, name):
    assert "leads out of the bundle" in refuse(name + PIN, root / "org", top=str(root / "org")).message


def test_in_a_bundle_another_one_can_lie(root):
    inner = root / "outer" / "inner.tar.gz"
    inner.parent.mkdir()
    inner.write_bytes(pack_files(FILES))
    opened = LateOpener().open(f"inner.tar.gz{PIN}", str(inner.parent), HERE, str(inner.parent))
    assert opened is not None


def test_a_place_in_the_repository_stands_for_no_address(root):
    (root / "https:" / "example.com" / "org.tar.gz").mkdir(parents=True)
    assert "is not kept here" in refuse(FAR, root).message
    assert "is not pinned" in refuse("https://example.com/org.tar.gz", root).message
