"""Waiver files and what a policy set says of waivers: what is read, and what is refused with its place."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.workspace import open_workspace
from policy.errors import Location, PolicyError, Problem
from policy.loading.waivers.files import WaiverFileReader
from policy.loading.waivers.requests import add_entry, write_entry
from policy.model.policy import PolicySet
from policy.model.waiver_entry import TrustSettings, WaiverEntry, Waiving
from tests.building import make_document

POLICY = "policy: owned\ntitle: Owned\nseverity: low\nrequire: {present: [owner.team]}\neffect: block\n"
SET = "policy_set: 1\npolicies: [policies]\nwaivers: [waivers.yaml]\n"
ENTRY = """\
waivers: 1
entries:
  - policy: owned
    subject: reply-*
    reason: "moves: in January"
    owner: support-ml
    requested_by: jan
    expires: 2027-01-31
"""
LINES = ENTRY.splitlines()


@pytest.fixture
def load(write):
    """The policy set of a folder, with one policy, by the text of its waiver file and of its own."""

    def read(waivers: str | bytes | None, text: str = SET, **files: str) -> PolicySet:
        planted: dict[str, str | bytes] = {"policies/a/owned.yaml": POLICY, "policy.yaml": text, **files}
        if waivers is not None:
            planted["waivers.yaml"] = waivers
        return open_workspace(str(write(planted))).policy_set

    return read


@pytest.fixture
def read(load):
    """What such a policy set says of waivers."""

    def get(waivers: str | None, text: str = SET, **files: str) -> Waiving:
        waiving: Waiving | None = load(waivers, text, **files).waiving
        assert waiving is not None
        return waiving

    return get


@pytest.fixture
def refuse(load):
    """Everything that is said about one that is wrong, each with a place and a remedy."""

    def get(waivers: str | bytes | None, text: str = SET) -> list[str]:
        with pytest.raises(PolicyError) as refusal:
            load(waivers, text)
        assert all(problem.location and problem.remedy for problem in refusal.value.problems)
        return [str(problem) for problem in refusal.value.problems]

    return get


def make_text(*changes: str, without: str = "") -> str:
    """The waiver file with lines that take the place of those with the same key, or are new."""
    keys = [*(change.partition(":")[0] for change in changes), without]
    kept = [line for line in LINES if line.strip().removeprefix("- ").partition(":")[0] not in keys]
    lines = "".join(f"{line}\n" for line in kept) + "".join(f"    {change}\n" for change in changes)
    return lines if "policy" not in keys else lines.replace("    subject", "  - subject")


# What is read


def test_an_entry_is_read_with_its_places(read):
    (entry,) = read(ENTRY).entries
    assert entry == WaiverEntry("owned", "reply-*", "moves: in January", "support-ml", "jan", date(2027, 1, 31))
    assert entry.layer == "policy.yaml"
    assert entry.location == Location("waivers.yaml", 3, 5, 3, 11)
    assert str(entry.places["expires"]) == "waivers.yaml:8:14"
    assert entry.name == "owned for reply-*"


def test_every_key_of_an_entry(read):
    more = (
        "id: reply-january",
        "ticket: 0042",
        "compensating_control: prices are checked weekly",
        "requested_on: 2026-11-01",
        "approved_by: maria",
        "approved_on: 2026-11-02",
    )
    (entry,) = read(make_text(*more)).entries
    assert (entry.name, entry.ticket, entry.approved_on) == ("reply-january", "0042", date(2026, 11, 2))
    assert (entry.waiver.approved_by, entry.waiver.ticket) == ("maria", "0042")


def test_what_is_left_to_be_filled_in_is_not_there(read):
    (entry,) = read(make_text("approved_by:", "approved_on: ~", "ticket:")).entries
    assert (entry.approved_by, entry.approved_on, entry.ticket) == ("", None, "")


@pytest.mark.parametrize("empty", ["waivers: 1\n", "waivers: 1\nentries:\n", "waivers: 1\nentries: []\n"])
def test_a_file_may_hold_no_entry_yet(read, empty):
    assert read(empty).entries == ()


def test_files_are_relative_to_the_policy_set(write):
    text = SET.replace("[waivers.yaml]", "[b/one.yaml, ../two.yaml]").replace("[policies]", "[../policies]")
    two = ENTRY.replace("reply-*", "other")
    files = {"policies/a/owned.yaml": POLICY, "sub/policy.yaml": text, "sub/b/one.yaml": ENTRY, "two.yaml": two}
    root = write(files)
    waiving = open_workspace(str(root), str(root / "sub" / "policy.yaml")).policy_set.waiving
    assert waiving is not None
    assert [entry.location and entry.location.file for entry in waiving.entries] == ["sub/b/one.yaml", "two.yaml"]
    assert waiving.files == (("sub/policy.yaml", "sub/b/one.yaml"), ("sub/policy.yaml", "two.yaml"))


def test_rules_and_trust(read):
    more = """\
waiver_rules:
  longest: 30d
  warn_before: 1w
  approvers: {default: [maria, nils], owned: []}
  protected: [owned]
trusted: {revision: origin/main, code_owners: true}
"""
    waiving = read(ENTRY, SET + more)
    (rules,) = waiving.rules
    assert (rules.longest, rules.warn_before, rules.protected) == (30, 7, frozenset({"owned"}))
    assert rules.approvers_of("owned") == ()
    assert rules.approvers_of("another") == ("maria", "nils")
    trusted = waiving.trusted
    assert trusted is not None
    assert trusted[:2] == TrustSettings("origin/main", code_owners=True)[:2]


def test_in_a_project_file(write):
    text = """\
[tool.policy]
policy_set = 1
policies = ["policies"]
waivers = ["waivers.yaml"]
waiver_rules = {longest = "30d", approvers = {default = ["maria"]}}
trusted = {revision = "origin/main"}
"""
    root = write({"policies/a/owned.yaml": POLICY, "pyproject.toml": text, "waivers.yaml": ENTRY})
    waiving = open_workspace(str(root)).policy_set.waiving
    assert waiving is not None
    assert len(waiving.entries) == 1
    assert waiving.entries[0].layer == "pyproject.toml"
    assert waiving.rules[0].approvers == {"default": ("maria",)}


def test_without_a_word_of_waivers_nothing_is_read(load):
    assert load("no waiver file: [", "policy_set: 1\npolicies: [policies]\n").waiving is None


def test_every_layer_has_its_word(write):
    base = (
        "policy_set: 1\npolicies: [../policies]\nfinal: [owned]\nwaivers: [w.yaml]\ntrusted: {revision: origin/main}\n"
    )
    own = (
        "policy_set: 1\nextends: [org]\nwaivers: [waivers.yaml]\nwaiver_rules: {longest: 10d}\ntrusted: {revision: x}\n"
    )
    files = {"policies/a/owned.yaml": POLICY, "org/policy.yaml": base, "org/w.yaml": ENTRY, "policy.yaml": own}
    root = write({**files, "waivers.yaml": ENTRY.replace("reply-*", "other")})
    waiving = open_workspace(str(root)).policy_set.waiving
    assert waiving is not None
    assert [entry.layer for entry in waiving.entries] == ["org/policy.yaml", "policy.yaml"]
    assert waiving.finals == {"owned": ("org/policy.yaml",)}
    assert waiving.layers == {"org/policy.yaml": (), "policy.yaml": ("org",)}
    assert waiving.trusted is not None
    # The base speaks first.
    assert waiving.trusted.revision == "origin/main"
    assert [rules.longest for rules in waiving.rules] == [10]


# What is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (make_text(without="expires"), "waivers.yaml:3:5: the waiver has no `expires`\n  help: add `expires: DATE`"),
        (make_text(without="reason"), "waivers.yaml:3:5: the waiver has no `reason`"),
        (make_text("expires: never"), "waivers.yaml:8:14: `expires`: `never` is not a date"),
        (make_text("expires:"), "waivers.yaml:8:13: `expires` is empty where a date"),
        (make_text("expires: 2027-02-30"), "waivers.yaml:8:14: `expires`: `2027-02-30` is not a date"),
        (ENTRY.replace("owned", "owmed"), "waivers.yaml:3:13: there is no policy `owmed`\n  help: write `owned`"),
        (make_text("until: 2027-01-01"), "waivers.yaml:9:5: there is no key of a waiver `until`"),
        (make_text("aproved_by: maria"), "help: write `approved_by`"),
        (make_text("approved_on: 2026-11-01"), "waivers.yaml:9:5: the waiver says when, not by whom"),
        (make_text('reason: "  "'), "waivers.yaml:8:13: `reason` is blank"),
        (make_text("subject: [a, b]"), "waivers.yaml:8:14: `subject` is a list where a string is needed"),
        ("waivers: 1\nentries: [owned]\n", "waivers.yaml:2:11: a waiver needs keys"),
        ("waivers: 1\nentries: [{}]\n", "waivers.yaml:2:11: the waiver has no `policy`"),
        ("waivers: 1\nentries: {policy: owned}\n", "waivers.yaml:2:10: `entries` needs a list"),
        ("waivers: 2\n", "waivers.yaml:1:10: the format of the waiver file is `2`"),
        ("entries: []\n", "waivers.yaml:1:1: the format of the waiver file is not said"),
        ("waivers: 1\nentires: []\n", "waivers.yaml:2:1: there is no key of a waiver file `entires`"),
        ("[]\n", "waivers.yaml:1:1: the waiver file is not a mapping"),
        ("", "waivers.yaml:1:1: the file is empty"),
        (ENTRY + LINES[2] + "\n", "waivers.yaml:9:5: the waiver has no `subject`"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(refuse, text, expected):
    assert any(said.startswith(expected) or expected in said for said in refuse(text))


@pytest.mark.parametrize("data", [b"waivers: 1\nentries: [" * 5000, b"\xff\xfe\x00", b"a: &a [*a]\n", b"\0" * 100])
def test_a_hostile_file_is_a_problem_and_nothing_else(refuse, data):
    assert all(said.startswith("waivers.yaml:") for said in refuse(data))


def test_all_problems_are_said_at_once(refuse):
    text = make_text("expires: soon", "owner: [x]", without="reason") + ENTRY.partition("entries:\n")[2].replace(
        "d", "z"
    )
    assert len(refuse(text)) > 4


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (ENTRY.partition("entries:\n")[2], "the waiver is there twice"),
        (
            "  - id: a\n" + ENTRY.partition("entries:\n")[2].replace("- ", "  ").replace("reply", "r")
            + "  - id: a\n" + ENTRY.partition("entries:\n")[2].replace("- ", "  ").replace("reply", "s"),
            "the id `a` is there twice",
        ),
    ],
)  # fmt: skip
def test_a_waiver_that_is_there_twice_is_refused(refuse, second, said):
    (only,) = refuse(ENTRY + second)
    assert said in only
    assert only.startswith("waivers.yaml:")


def test_a_renewal_is_another_waiver(read):
    assert len(read(ENTRY + ENTRY.partition("entries:\n")[2].replace("2027-01-31", "2027-03-31")).entries) == 2


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("waivers: waivers.yaml\n", "policy.yaml:3:10: `waivers` needs a list"),
        ("waivers: [none.yaml]\n", "policy.yaml:3:11: `none.yaml`: the file does not exist"),
        ("waivers: [policies]\n", "policy.yaml:3:11: `policies`: this is a directory, not a file"),
        ("waivers: [waivers.yaml, ./waivers.yaml]\n", "policy.yaml:3:25: `./waivers.yaml` is listed twice"),
        ("waiver_rules: 90d\n", "policy.yaml:3:15: `waiver_rules` needs a mapping"),
        ("waiver_rules: {longst: 90d}\n", "policy.yaml:3:16: there is no key under `waiver_rules` `longst`"),
        ("waiver_rules: {longest: 90}\n", "policy.yaml:3:25: `longest`: `90` is a number without a unit"),
        ("waiver_rules: {longest: 1h}\n", "policy.yaml:3:25: `longest`: `1h` is not a whole number of days"),
        ("waiver_rules: {approvers: [maria]}\n", "policy.yaml:3:27: `approvers` needs a mapping"),
        ("waiver_rules: {approvers: {ownd: [maria]}}\n", "policy.yaml:3:28: there is no policy `ownd`"),
        ("waiver_rules: {approvers: {default: maria}}\n", "policy.yaml:3:37: `approvers.default` needs a list"),
        ("waiver_rules: {protected: [ownd]}\n", "policy.yaml:3:28: there is no policy `ownd`\n  help: write `owned`"),
        ("trusted: origin/main\n", "policy.yaml:3:10: `trusted` needs a mapping"),
        ("trusted: {revison: main}\n", "policy.yaml:3:11: there is no key under `trusted` `revison`"),
        ("trusted: {revision: --help}\n", "policy.yaml:3:21: `revision`: `--help` names no revision"),
        ('trusted: {revision: "main:waivers.yaml"}\n', "names no revision"),
        ("trusted: {revision: a..b}\n", "names no revision"),
        ("trusted: {code_owners: yes}\n", "policy.yaml:3:24: `code_owners`: `yes` is not a boolean"),
    ],
)
def test_what_is_wrong_with_the_policy_set_is_said_with_its_place(refuse, more, expected):
    assert any(expected in said for said in refuse(ENTRY, f"policy_set: 1\npolicies: [policies]\n{more}"))


# What is written

REQUEST = WaiverEntry(
    "owned",
    "*",
    'yes: "no"\\',
    "no",
    "Jan Müller",
    date(2027, 2, 1),
    ticket="2026-11-20x",
    requested_on=date(2026, 11, 20),
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("waivers: 1\n", "waivers: 1\nentries:\n@"),
        ("waivers: 1", "waivers: 1\nentries:\n@"),
        ("waivers: 1\nentries:\n", "waivers: 1\nentries:\n@"),
        ("waivers: 1\nentries: []  # none\n", "waivers: 1\nentries:  # none\n@"),
        ("waivers: 1\nentries: [ ]\n# end\n", "waivers: 1\nentries:\n@# end\n"),
        ("entries: ~ # none\nwaivers: 1\n", "entries: # none\n@waivers: 1\n"),
        (ENTRY, ENTRY + "@"),
        (ENTRY.rstrip(), ENTRY + "@"),
        ("# a\n" + ENTRY + "\n# z\n", "# a\n" + ENTRY + "@\n# z\n"),
        (ENTRY.replace("waivers: 1\n", "") + "waivers: 1\n", ENTRY.replace("waivers: 1\n", "") + "@waivers: 1\n"),
        (ENTRY + "    # about the last\n", ENTRY + "@    # about the last\n"),
    ],
)
def test_an_entry_is_added_and_nothing_else_changes(write, read, before, after):
    root = write({"waivers.yaml": before})
    add_entry(str(root / "waivers.yaml"), "waivers.yaml", REQUEST)
    text = (root / "waivers.yaml").read_bytes().decode()
    assert text == after.replace("@", write_entry(REQUEST))
    assert read(text).entries[-1] == REQUEST


@pytest.mark.parametrize("column", ["", "      "])
def test_an_entry_stands_below_the_others(write, column):
    before = "waivers: 1\nentries:\n" + "".join(f"{column}{line[2:]}\n" for line in LINES[2:])
    root = write({"waivers.yaml": before})
    add_entry(str(root / "waivers.yaml"), "waivers.yaml", REQUEST)
    assert (root / "waivers.yaml").read_text(encoding="utf-8") == before + write_entry(REQUEST, column)


def test_line_ends_stay_as_they_are(write):
    root = write({"waivers.yaml": ENTRY.replace("\n", "\r\n")})
    add_entry(str(root / "waivers.yaml"), "waivers.yaml", REQUEST)
    data = (root / "waivers.yaml").read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data.startswith(ENTRY.replace("\n", "\r\n").encode())


def test_a_file_that_is_not_there_is_written(write, read):
    root = write({})
    add_entry(str(root / "new.yaml"), "new.yaml", REQUEST)
    assert read((root / "new.yaml").read_text(encoding="utf-8")).entries == (REQUEST,)


@pytest.mark.parametrize(
    "before",
    [
        f"waivers: 1\nentries: [{{{', '.join(line.strip().removeprefix('- ') for line in LINES[2:])}}}]\n",
        "waivers: 1\nentries: [\n]\n",
        "{waivers: 1}\n",
        "waivers: 1\nentries: {}\n",
        "waivers: 1\nentries: 3\n",
        "a: [\n",
        "waivers: 1\nentries:\n  - policy: owned\n",
    ],
)
def test_a_file_that_nothing_can_be_added_to_stays_as_it_is(write, before):
    root = write({"waivers.yaml": before})
    with pytest.raises(PolicyError) as refusal:
        add_entry(str(root / "waivers.yaml"), "waivers.yaml", REQUEST)
    assert all(problem.location and problem.remedy for problem in refusal.value.problems)
    assert [file.name for file in root.iterdir()] == ["waivers.yaml"]
    assert (root / "waivers.yaml").read_text(encoding="utf-8") == before


TEXTS = st.text(min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(str.isprintable).filter(bool)


@given(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS))
def test_what_is_written_is_what_is_read(texts):
    subject, reason, owner, requester, control = texts
    entry = WaiverEntry("owned", subject, reason, owner, requester, date(2027, 2, 1), compensating_control=control)
    problems: list[Problem] = []
    document = make_document(f"waivers: 1\nentries:\n{write_entry(entry)}", "waivers.yaml")
    assert WaiverFileReader(document, "policy.yaml", problems).read(["owned"]) == [entry]
    assert problems == []


def test_a_link_to_a_file_stays_a_link(write):
    root = write({"real/waivers.yaml": ENTRY})
    (root / "waivers.yaml").symlink_to("real/waivers.yaml")
    add_entry(str(root / "waivers.yaml"), "waivers.yaml", REQUEST)
    assert (root / "waivers.yaml").is_symlink()
    assert (root / "real" / "waivers.yaml").read_text(encoding="utf-8").endswith(write_entry(REQUEST))
