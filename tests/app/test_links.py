from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.links import follow_links

X = "shared/x.jsonl"


@pytest.fixture
def follow(tmp_path):
    def plant(links, changed=(X,)):
        for link, target in links.items():
            (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / link).symlink_to(target.replace("ROOT", str(tmp_path)))
        return follow_links(str(tmp_path), links, changed)

    return plant


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ({}, {}),
        ({"c/x": "../shared/x.jsonl"}, {"c/x": X}),
        ({"c/x": "../shared/y.jsonl"}, {}),
        ({"c/x": f"ROOT/{X}"}, {"c/x": X}),
        ({"c/data": "../shared"}, {"c/data/x.jsonl": X}),
        ({"c/data": "../shared/"}, {"c/data/x.jsonl": X}),
        # One link behind the other, and a link in a folder that a link leads to.
        ({"c/x": "../d/x", "d/x": "../shared/x.jsonl"}, {"c/x": X, "d/x": X}),
        ({"c/d": "../d", "d/e": "../shared"}, {"d/e/x.jsonl": X, "c/d/e/x.jsonl": X}),
        # Two steps up from where the link leads, and not from where it is.
        ({"c/s": "../shared/deep", "d": "c/s/../x.jsonl"}, {"d": X}),
        ({"c/x": "/etc/passwd", "d": "../../..", "e": "e", "f": "nowhere"}, {}),
        # A folder that holds its own link has it by names without end.
        ({"shared/again": "."}, {}),
        ({"shared/up": ".."}, {}),
    ],
)
def test_other_names(links, found, follow, tmp_path):
    (tmp_path / "shared/deep").mkdir(parents=True)
    assert follow(links) == found


def test_what_is_changed_by_its_own_name_has_no_other(follow):
    assert follow({"c/x": "../shared/x.jsonl"}, [X, "c/x"]) == {}


def test_a_target_that_is_gone_is_changed_too(follow, tmp_path):
    assert follow({"c/x": "../shared/x.jsonl"}) == {"c/x": X}
    assert not (tmp_path / X).exists()


def test_what_is_no_link_any_more_leads_nowhere(tmp_path):
    (tmp_path / "c").write_text("")
    assert follow_links(str(tmp_path), ["c", "gone"], [X]) == {}


def test_links_that_lead_to_each_other_are_followed_as_far_as_a_system_does(follow):
    found = follow({"f/a": "../g", "g/b": "../f"}, ["f/x"])
    assert len(found) == 40
    assert found["f/a/b/a/b/x"] == "f/x"


def test_too_many_names_are_given_up(follow):
    assert (
        follow({f"f/{number}": "../f/../g" for number in range(200)}, [f"g/{number}" for number in range(60)]) is None
    )


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=4))
def test_it_ends(tmp_path_factory, shape):
    root = tmp_path_factory.mktemp("links")
    links = {}
    for folder, name, target in shape:
        (root / folder).mkdir(exist_ok=True)
        if not (root / folder / name).is_symlink():
            (root / folder / name).symlink_to(f"../{target}")
            links[f"{folder}/{name}"] = target
    found = follow_links(str(root), links, ["a/x", "b/y"])
    assert found is None or set(found.values()) <= {"a/x", "b/y"}
