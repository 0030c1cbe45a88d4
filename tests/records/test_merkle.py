from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from policy.records.merkle import (
    BATCH,
    EMPTY_ROOT,
    CompactRange,
    find_consistency_ranges,
    find_inclusion_ranges,
    hash_children,
    hash_ranges,
    verify_consistency,
    verify_inclusion,
)
from tests.records.trees import consistency_path, inclusion_path, root_of

sizes = st.integers(1, 70)


def make_data(size):
    return [b"entry %d" % number for number in range(size)]


def make_leaves(size):
    return [sha256(b"\0" + data).digest() for data in make_data(size)]


def make_oracle(size):
    """The same tree in pymerkle 7, whose hashing is RFC 6962's too."""
    tree = InmemoryTree(algorithm="sha256")
    for data in make_data(size):
        tree.append_entry(data)
    return tree


# RFC 6962, 2.1, as the test vectors of certificate-transparency-go state it.
KNOWN = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


@pytest.mark.parametrize("size", KNOWN)
def test_the_roots_that_certificate_transparency_publishes(size):
    leaves = [sha256(b"\0" + bytes.fromhex(text)).digest() for text in INPUTS[:size]]
    assert root_of(leaves).hex() == KNOWN[size]


def test_no_leaves_have_a_root_too():
    assert CompactRange().root() == EMPTY_ROOT
    assert root_of([]) == EMPTY_ROOT


@given(sizes)
def test_roots_agree_with_pymerkle(size):
    assert root_of(make_leaves(size)) == make_oracle(size).get_root()


@given(sizes, st.data())
def test_inclusion_agrees_with_pymerkle(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves, oracle = make_leaves(size), make_oracle(size)
    path = inclusion_path(leaves, index)
    # Its first element is the leaf itself.
    assert oracle.prove_inclusion(index + 1, size).path[1:] == path
    assert verify_inclusion(leaves[index], index, size, path, oracle.get_root())


@given(sizes, st.data())
def test_consistency_agrees_with_pymerkle(size, data):
    old = data.draw(st.integers(1, size))
    leaves, oracle = make_leaves(size), make_oracle(size)
    path = consistency_path(leaves, old)
    assert verify_consistency(old, root_of(leaves[:old]), size, root_of(leaves), path)
    assert root_of(leaves[:old]) == make_oracle(old).get_root()
    theirs = oracle.prove_consistency(old, size)
    # Where the old tree ends with a subtree of the new one, theirs takes what follows apart, unlike RFC 6962.
    if theirs.subset[0] and old < size and old & (old - 1):
        assert path == theirs.path


def test_the_proofs_that_the_rfc_spells_out():
    """RFC 6962, 2.1.3: a tree of seven leaves."""
    a, b, c, d, e, f, j = leaves = make_leaves(7)
    g, h, i = hash_children(a, b), hash_children(c, d), hash_children(e, f)
    k, last = hash_children(g, h), hash_children(i, j)
    assert inclusion_path(leaves, 0) == [b, h, last]
    assert inclusion_path(leaves, 3) == [c, g, last]
    assert inclusion_path(leaves, 4) == [f, j, k]
    assert inclusion_path(leaves, 6) == [i, k]
    assert consistency_path(leaves, 3) == [c, d, g, last]
    assert consistency_path(leaves, 4) == [last]
    assert consistency_path(leaves, 6) == [i, j, k]


@given(st.integers(0, 300), st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_any_steps_gives_the_same_tree(first, steps):
    leaves = make_leaves(first + sum(steps))
    tree, at = CompactRange(), 0
    for step in (first, *steps):
        tree.extend(leaves[at : at + step])
        at += step
        assert (tree.size, tree.root()) == (at, root_of(leaves[:at]))
        assert len(tree.frontier) == at.bit_count()
    single = CompactRange()
    for leaf in leaves:
        single.append(leaf)
    assert single.frontier == tree.frontier


@given(st.integers(0, 200), st.integers(0, 60))
def test_a_tree_goes_on_from_its_frontier(size, more):
    leaves = make_leaves(size + more)
    before = CompactRange()
    before.extend(leaves[:size])
    after = CompactRange(size, before.frontier)
    after.extend(leaves[size:])
    assert after.root() == root_of(leaves)


@pytest.mark.parametrize(
    ("size", "frontier"),
    [(-1, []), (0, [b"a" * 32]), (1, []), (3, [b"a" * 32]), (1, [b"short"]), (2, [b"a" * 32, b"b" * 32])],
)
def test_a_frontier_that_does_not_fit_is_refused(size, frontier):
    with pytest.raises(ValueError, match="does not fit"):
        CompactRange(size, frontier)


def test_more_leaves_than_are_hashed_at_once():
    leaves = [number.to_bytes(32) for number in range(2 * BATCH + 3)]
    level = leaves
    while len(level) > 1:
        # By hand: pairs, the odd one goes up as it is.
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [hash_children(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    assert root_of(leaves) == level[0]
    assert hash_ranges(iter(leaves), [(0, len(leaves))]) == [level[0]]


@given(st.integers(2, 40), st.data())
def test_no_changed_inclusion_is_believed(size, data):
    leaves = make_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(leaves, index), root_of(leaves)
    other = data.draw(st.integers(0, size - 1).filter(lambda number: number != index))
    at = data.draw(st.integers(0, len(path) - 1))
    assert not verify_inclusion(leaves[other], index, size, path, root)
    assert not verify_inclusion(leaves[index], other, size, path, root)
    assert not verify_inclusion(leaves[index], index, size, path[:at] + path[at + 1 :], root)
    assert not verify_inclusion(leaves[index], index, size, [*path, root], root)
    assert not verify_inclusion(leaves[index], index, size, [*path[:at], b"x" * 32, *path[at + 1 :]], root)
    assert not verify_inclusion(leaves[index], index, size, path, b"x" * 32)


@given(st.integers(2, 40), st.data())
def test_no_changed_consistency_is_believed(size, data):
    leaves = make_leaves(size)
    old = data.draw(st.integers(1, size - 1))
    path, before, after = consistency_path(leaves, old), root_of(leaves[:old]), root_of(leaves)
    at = data.draw(st.integers(0, len(path) - 1))
    assert not verify_consistency(old, b"x" * 32, size, after, path)
    assert not verify_consistency(old, before, size, b"x" * 32, path)
    assert not verify_consistency(old, before, size, after, path[:-1])
    assert not verify_consistency(old, before, size, after, [*path, before])
    assert not verify_consistency(old, before, size, after, [*path[:at], b"x" * 32, *path[at + 1 :]])
    rewritten = [*leaves[: old - 1], b"x" * 32, *leaves[old:]]
    assert not verify_consistency(old, before, size, root_of(rewritten), consistency_path(rewritten, old))


def test_the_edges_of_consistency():
    leaves = make_leaves(5)
    root = root_of(leaves)
    assert verify_consistency(5, root, 5, root, [])
    assert not verify_consistency(5, root, 5, EMPTY_ROOT, [])
    assert verify_consistency(0, EMPTY_ROOT, 5, root, [])
    assert not verify_consistency(0, root, 5, root, [])
    assert not verify_consistency(6, root, 5, root, [])
    assert not verify_consistency(-1, root, 5, root, [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_path(index, size):
    assert not verify_inclusion(b"x" * 32, index, size, [], b"x" * 32)
    with pytest.raises(ValueError, match="no leaf"):
        find_inclusion_ranges(index, size)


def test_what_cannot_be_a_beginning_has_no_path():
    with pytest.raises(ValueError, match="no beginning"):
        find_consistency_ranges(4, 3)


def test_too_few_leaves_are_said():
    with pytest.raises(ValueError, match="only 5 leaves, not 7"):
        hash_ranges(make_leaves(5), [(0, 4), (4, 7)])
