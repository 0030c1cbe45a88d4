from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.loading.bundles.lock import SEAL, check_lock, write_lock
from policy.loading.bundles.opening import OpenBundle
from policy.loading.bundles.reference import find_reference

PINS = [f"#sha256={digit * 64}" for digit in "0123"]
NAMES = (f"../org{PINS[0]}", f"https://example.com/a.tgz{PINS[1]}", f"git+file:///srv/a@{'a' * 40}{PINS[2]}")


def make(*names):
    references = [find_reference(name) for name in names]
    return {found.text: OpenBundle(found, "/x", 3, 4000) for found in references if found}


LOCKED = f"""\
# The bundles of the policy set beside this file. Written by `policy bundle lock`, not by hand.
policy_lock: 1
bundles:
  - reference: "../org{PINS[0]}"
    digest: sha256:{"0" * 64}
    files: 3
    bytes: 4000
  - reference: "git+file:///srv/a@{"a" * 40}{PINS[2]}"
    digest: sha256:{"2" * 64}
    commit: {"a" * 40}
    files: 3
    bytes: 4000
  - reference: "https://example.com/a.tgz{PINS[1]}"
    digest: sha256:{"1" * 64}
    files: 3
    bytes: 4000
"""


def test_a_lock_is_the_same_in_any_order():
    text = write_lock(make(*NAMES))
    assert text.partition(SEAL)[0] == LOCKED
    assert text == write_lock(make(*reversed(NAMES)))


@pytest.fixture
def check(tmp_path):
    def run(text, *names):
        (tmp_path / "policy.lock").write_bytes(text.encode())
        check_lock(str(tmp_path), "team/policy.lock", make(*names))

    return run


@pytest.fixture
def refuse(check):
    def run(text, *names):
        with pytest.raises(PolicyError) as refusal:
            check(text, *names)
        problems = refusal.value.problems
        assert all("`policy bundle lock`" in problem.remedy for problem in problems)
        return [f"{problem.location}: {problem.message}" for problem in problems]

    return run


def test_a_lock_that_fits(check):
    check(write_lock(make(*NAMES)), *NAMES)
    check(write_lock(make(*NAMES)).replace("\n", "\r\n"), *NAMES)
    check(write_lock({}))


EDITED = ["team/policy.lock:1:1: the lock file was changed by hand, or merged"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("files: 3", "files: 4"),
        ("../org", "../other"),
        ("policy_lock: 1\n", "policy_lock: 1\n\n"),
        (f"{SEAL}sha256:", f"{SEAL}sha256:0"),
        (SEAL, "sealed: "),
        ("bundles:\n", "<<<<<<< HEAD\nbundles:\n"),
    ],
)
def test_a_lock_edited_by_hand(refuse, old, new):
    text = write_lock(make(*NAMES))
    assert old in text
    assert refuse(text.replace(old, new, 1), *NAMES) == EDITED
    assert refuse(text + "\n", *NAMES) == EDITED


@pytest.mark.parametrize("text", ["", "x", "policy_lock: 2\n", "\0\udcff".encode("utf-8", "ignore").decode()])
def test_no_lock_at_all(refuse, text):
    assert refuse(text, *NAMES) == ["team/policy.lock:1:1: this is no lock file of this version"]


def test_a_lock_of_other_bundles(refuse):
    assert refuse(write_lock(make(*NAMES[:2])), *NAMES[1:]) == [
        f"team/policy.lock:4:1: `{NAMES[0]}` is locked, and no policy set here names it",
        f"team/policy.lock:1:1: `{NAMES[2]}` is not locked",
    ]
    assert refuse(write_lock({}), NAMES[0]) == [f"team/policy.lock:1:1: `{NAMES[0]}` is not locked"]


def test_a_sealed_lock_that_is_no_text_of_ours(refuse):
    used = make(NAMES[0])
    wrong = {NAMES[0]: used[NAMES[0]]._replace(files=4)}
    assert refuse(write_lock(wrong), NAMES[0]) == [
        "team/policy.lock:1:1: the lock file is not the one of these bundles"
    ]
