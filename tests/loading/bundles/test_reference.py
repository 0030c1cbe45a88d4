from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import PolicyError
from policy.loading.bundles.reference import find_reference, needs_pin, read_unpinned, refuse_unpinned

HEX = "0123456789abcdef" * 4
COMMIT = "a" * 40
PIN = f"#sha256={HEX}"

# How it is named, and what it is: kind, place, commit, subdirectory, and the name that positions bear.
GOOD = [
    ("../organisation", "path", "../organisation", "", "", "organisation"),
    ("./acme-1.2.tar.gz", "path", "./acme-1.2.tar.gz", "", "", "acme-1.2"),
    ("/srv/policies/", "path", "/srv/policies/", "", "", "policies"),
    ("..", "path", "..", "", "", "bundle"),
    ("a b#c.tgz", "path", "a b#c.tgz", "", "", "a-b-c"),
    ("https://example.com:8443/x/acme.tar.gz", "web", "https://example.com:8443/x/acme.tar.gz", "", "", "acme"),
    ("http://localhost:1/acme.tgz", "web", "http://localhost:1/acme.tgz", "", "", "acme"),
    ("http://[::1]:1/acme.tgz", "web", "http://[::1]:1/acme.tgz", "", "", "acme"),
    (f"git+https://example.com/a/b.git@{COMMIT}", "git", "git+https://example.com/a/b.git", COMMIT, "", "b"),
    (f"git+https://example.com/a/b@{HEX}", "git", "git+https://example.com/a/b", HEX, "", "b"),
    (f"git+ssh://git@example.com/a/b@{COMMIT}", "git", "git+ssh://git@example.com/a/b", COMMIT, "", "b"),
    (f"git+file:///srv/a@{COMMIT}", "git", "git+file:///srv/a", COMMIT, "", "a"),
]


@pytest.mark.parametrize(("text", "kind", "place", "commit", "subdirectory", "name"), GOOD)
def test_a_bundle_that_is_named(text, kind, place, commit, subdirectory, name):
    reference = find_reference(text + PIN)
    assert reference is not None
    found = (reference.kind, reference.place, reference.commit, reference.subdirectory, reference.name)
    assert found == (kind, place, commit, subdirectory, name)
    assert reference.digest == f"sha256:{HEX}"
    assert reference.prefix == f"{name}@sha256:0123456789ab"
    assert reference.text == text + PIN


@pytest.mark.parametrize("place", ["x.tar.gz", "https://example.com/x.tgz", f"git+https://example.com/x@{COMMIT}"])
def test_a_part_of_a_bundle(place):
    reference = find_reference(f"{place}{PIN}&subdirectory=teams/ml")
    assert reference is not None
    assert (reference.place.partition("@")[0], reference.subdirectory) == (place.partition("@")[0], "teams/ml")
    assert read_unpinned(f"{place}#subdirectory=teams/ml") == reference._replace(
        text=f"{place}#subdirectory=teams/ml", digest=""
    )


@pytest.mark.parametrize("text", ["catalogue", "catalogue:cost", "./policies", "../a#b", "a@b", "C:/x", "#sha"])
def test_no_bundle(text):
    assert find_reference(text) is None
    assert not needs_pin(text)


BAD = [
    ("x#sha256=12", "`sha256=12` is no digest", "64 hexadecimal digits"),
    (f"x#sha256={HEX.upper()}", "is no digest", "in lower case"),
    (f"x#sha512={HEX}{HEX}", "is no digest", "`#sha256=`"),
    (f"x#sha256:{HEX}", "is no digest", "`#sha256=`"),
    (f"x{PIN}&egg=y", "is no digest", ""),
    (f"x{PIN}\n", "is no digest", ""),
    (PIN, "names no place", "before `#`"),
    (f"x\0y{PIN}", "names no place", ""),
    (f"git+https://example.com/a{PIN}", "names no commit", "the commit in full"),
    (f"git+ssh://git@example.com/a{PIN}", "names no commit", "the commit in full"),
    (f"git+https://example.com/a@main{PIN}", "`main` is no commit, and may become another one", "all 40"),
    (f"git+https://example.com/a@v1.2{PIN}", "`v1.2` is no commit", "all 40"),
    (f"git+https://example.com/a@abcdef1{PIN}", "`abcdef1` is an abbreviated commit", "git rev-parse"),
    (f"git+https://example.com/a@{'A' * 40}{PIN}", "is an abbreviated commit", ""),
    (f"git@example.com:a/b{PIN}", "is no address", "git+ssh://git@HOST"),
    (f"git+http://example.com/a@{COMMIT}{PIN}", "cannot be fetched by `git+http`", "git+https://"),
    (f"git+ext://sh%20-c/a@{COMMIT}{PIN}", "cannot be fetched by `git+ext`", ""),
    (f"git+ext::sh -c x@{COMMIT}{PIN}", "cannot be fetched by `git+ext`", ""),
    (f"git+https://-oProxyCommand=x/a@{COMMIT}{PIN}", "is no address", ""),
    (f"git+file://host/a@{COMMIT}{PIN}", "is no address", ""),
    (f"ftp://example.com/a.tgz{PIN}", "cannot be fetched by `ftp`", "https://"),
    (f"file:///a.tgz{PIN}", "cannot be fetched by `file`", "or a path"),
    (f"http://example.com/a.tgz{PIN}", "cannot be fetched by `http`", "https://"),
    (f"http://localhost.example.com/a.tgz{PIN}", "cannot be fetched by `http`", "https://"),
    (f"https:///a.tgz{PIN}", "is no address", "SCHEME://HOST/PATH"),
    (f"https://example.com/a b.tgz{PIN}", "is no address", ""),
    (
        f"https://me:secret@example.com/a.tgz{PIN}",
        "the address of `example.com` holds a user's name",
        "git has helpers",
    ),
    (f"git+https://token@example.com/a@{COMMIT}{PIN}", "holds a user's name or a password", ""),
    (f"git+ssh://git:secret@example.com/a@{COMMIT}{PIN}", "holds a user's name or a password", ""),
    (f"git+ssh://-x@example.com/a@{COMMIT}{PIN}", "holds a user's name or a password", ""),
    (f"https://example.com/a.tgz?token=secret{PIN}", "goes on with a query", "leave out"),
    (f"folder{PIN}&subdirectory=x", "has no `subdirectory`", "name the inner folder"),
    (f"x.tgz{PIN}&subdirectory=../x", "leads out of it", "relative path"),
    (f"x.tgz{PIN}&subdirectory=/x", "is an absolute path", ""),
    (f"x.tgz{PIN}&subdirectory=x/", "has an empty part", ""),
]


@pytest.mark.parametrize(("text", "message", "remedy"), BAD)
def test_a_name_that_is_wrong(text, message, remedy):
    with pytest.raises(PolicyError) as refusal:
        find_reference(text)
    (problem,) = refusal.value.problems
    assert message in problem.message
    assert problem.remedy
    assert remedy in problem.remedy
    assert "secret" not in problem.message + problem.remedy


UNPINNED = ["https://example.com/x.tgz", f"git+https://example.com/x@{COMMIT}", "acme/policies@sha256:0123"]


@pytest.mark.parametrize("text", UNPINNED)
def test_what_names_a_place_elsewhere_needs_a_digest(text):
    assert find_reference(text) is None
    assert needs_pin(text)
    (problem,) = refuse_unpinned(text).problems
    assert problem.message == f"`{text}` is not pinned: a bundle is always named with the digest of its content"
    assert problem.remedy == f"add `#sha256=…`; `policy bundle verify {text}` prints it"


@given(st.text())
def test_any_text_is_read_or_refused(text):
    for named in (text, text + PIN, f"https://{text}{PIN}", f"git+https://{text}@{COMMIT}{PIN}"):
        try:
            reference = find_reference(named)
        except PolicyError:
            continue
        assert reference is None or reference.digest == f"sha256:{HEX}"
