from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from policy.records.erasure import erase
from policy.records.keys import make_key
from policy.records.ledger import open_ledger
from policy.records.objects import DecisionRow, Draft
from policy.records.people import identify_person
from policy.records.requests.closing import comment
from policy.records.sqlite import SQLiteDatabase
from tests.records.keeping import (
    add_entries,
    draft_decision,
    draft_note,
    fill_ledger,
    name_decision,
    rewrite_from,
    tampering,
)
from tests.records.requests.asked import ask_one


@pytest.fixture
def root(plant):
    """A policy set with a ledger that is not there yet."""
    return plant({"policy.yaml": "policy_set: 1\nledger: sqlite:///ledger.db\n"})


@pytest.fixture
def kept(root, call):
    """The ledger with two decisions and the entry of a key, a checkpoint of all three, and the key trusted."""
    fill_ledger(root / "ledger.db", 2)
    (root / "keys.txt").write_text(call("ledger key new --key l.key").out.splitlines()[-1] + "\n")
    assert call("ledger checkpoint --key l.key --log c.txt").code == 0
    return root


def test_from_nothing_to_a_verified_ledger(root, call):
    assert re.fullmatch(r"ledger acme \([0-9a-f]{32}\): 0 entries\n", call("ledger init --name acme").out)
    assert call("ledger init").out.startswith("ledger acme (")
    made = call("ledger key new --key l.key")
    assert made.out.startswith("wrote l.key, which you alone can read; entry 1 records the key\n")
    (root / "keys.txt").write_text(made.out.splitlines()[-1])
    signed = call("ledger checkpoint --key l.key --log c.txt")
    assert signed.out.startswith((root / "c.txt").read_text())
    assert signed.out.endswith("\nsigned 1 entry, 1 of them new; the log is c.txt\n")
    found = call("ledger verify --checkpoint c.txt --trusted-keys keys.txt")
    assert (found.code, found.err) == (0, "")
    assert found.out.endswith("  exposed: nothing; a checkpoint from outside vouches for every entry\n\nverified\n")


def test_a_ledger_can_be_named(root, call):
    url = fill_ledger(root / "else.db", 4)
    assert len(call(f"ledger list --ledger {url}").out.splitlines()) == 4
    assert call("ledger list").err.startswith("error: there is no ledger at `sqlite:///ledger.db`\n")


def test_without_a_ledger_it_is_said(plant, call):
    plant({"policy.yaml": "policy_set: 1\n"})
    for line in ("verify", "list", "show 1", "init", "checkpoint --key k --log l"):
        result = call(f"ledger {line}")
        assert result.err.startswith("error: the policy set has no ledger\n  help: ")
        assert (result.code, result.out) == (2, "")


def test_what_is_exposed_is_said(kept, call):
    add_entries(f"sqlite:///{kept}/ledger.db", draft_note(7), draft_decision(8))
    found = call("ledger verify --checkpoint c.txt --trusted-keys keys.txt")
    assert found.code == 0
    assert re.search(
        r"  exposed: the last 2 entries, since \S+Z, which no checkpoint from outside vouches for\n", found.out
    )
    assert "no checkpoint from outside: whoever may write" in call("ledger verify").out
    assert call("ledger verify").code == 0


def test_tampering_ends_with_one_and_names_the_entry(kept, call):
    with tampering(kept / "ledger.db") as driver:
        driver.execute("UPDATE entries SET type = 'note' WHERE seq = 2")
    found = call("ledger verify")
    assert found.code == 1
    assert "  leaf: entry 2 was changed: its content is not what its hash states\n" in found.out
    assert "  index: the index has decision `sha256:" in found.out
    assert found.out.endswith("\ntampering found: 3 findings\n")


def test_a_rewritten_past_is_found_beside_the_checkpoint(kept, call):
    with tampering(kept / "ledger.db") as driver:
        driver.execute("DELETE FROM checkpoints")
        rewrite_from(driver, 2, {2: {"type": "note"}})
    assert call("ledger verify").code == 0
    found = call("ledger verify --checkpoint c.txt --trusted-keys keys.txt")
    assert found.code == 1
    assert "  rewritten: one of the entries 1 to 3 is not what it was: the ledger does not fit" in found.out
    assert ": DOES NOT FIT\n" in found.out


def test_a_refused_checkpoint_ends_with_two(kept, call):
    rotated = call("ledger key rotate --key l.key --new n.key --reason yearly").out
    assert re.search(r"^tunegate/acme/\w+\+\w+\+\S+ until 3$", rotated, re.MULTILINE)
    shutil.copy(kept / "c.txt", kept / "old.txt")
    assert call("ledger checkpoint --key l.key --log c.txt").code == 2
    assert call("ledger checkpoint --key n.key --log c.txt").code == 0
    assert call("ledger verify --checkpoint c.txt --trusted-keys keys.txt").code == 2
    assert call("ledger verify --checkpoint old.txt --trusted-keys keys.txt").code == 0
    with (kept / "keys.txt").open("a") as stream:
        stream.write("\n".join(line for line in rotated.splitlines() if line.startswith("tunegate/")))
    found = call("ledger verify --checkpoint c.txt --trusted-keys keys.txt")
    assert (found.code, found.out.splitlines()[-1]) == (0, "verified")


@pytest.mark.usefixtures("kept")
def test_a_key_that_nobody_knows_is_called_unknown(call):
    result = call("ledger key revoke ffffffff --reason stolen")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: the ledger knows no key with the id `ffffffff`\n  help: `policy ledger list")
    assert "no key of the form" in call("ledger key revoke nonsense --reason stolen").err


def test_a_revoked_key(kept, call):
    name = (kept / "keys.txt").read_text().split("+")[1]
    revoked = call(f"ledger key revoke {name} --reason stolen")
    assert revoked.out.startswith("entry 4 revokes the key\n")
    assert revoked.out.endswith(f"{(kept / 'keys.txt').read_text().strip()} until 3\n")
    assert "was revoked by entry 4" in call("ledger checkpoint --key l.key --log c.txt").err
    assert '"reason": "stolen"' in call("ledger show 4").out


def test_the_exit_code_of_what_cannot_be_used(kept, call):
    other = make_key("tunegate/other/00", bytes(32)).verifier.text
    (kept / "large").write_bytes(b"x" * 1_000_000)
    (kept / "bytes").write_bytes(b"\xff\xfe\x00")
    (kept / "none").write_text("")
    for options, said in {
        "--checkpoint c.txt": "no key is trusted",
        f"--checkpoint c.txt --trusted-key {other}": "and no key that is trusted",
        "--checkpoint gone --trusted-keys keys.txt": "cannot be read: No such file or directory",
        "--checkpoint large --trusted-keys keys.txt": "is no signed note: it has more than",
        "--checkpoint bytes --trusted-keys keys.txt": "is no signed note: it is not UTF-8",
        "--checkpoint none --trusted-keys keys.txt": "is no signed note",
        "--checkpoint l.key --trusted-keys keys.txt": "is no signed note",
        "--trusted-keys gone": "cannot be read",
        "--trusted-keys none": "names no key",
        "--trusted-key x": "is no key of the form",
        "--ledger sqlite:///gone.db": "there is no ledger at",
        "--ledger sqlite:///large": "the ledger `sqlite:///large` cannot be used",
        "--ledger sqlite:///none": "is empty",
        "--ledger mysql://x/y": "begins with neither",
    }.items():
        result = call(f"ledger verify {options}")
        assert said in result.err, options
        assert (result.code, result.out) == (2, ""), options
        assert "  help: " in result.err, options


# Documents


def normalise(document):
    """Without what is another each time."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    text = re.sub(r"tunegate/acme/[0-9a-f]{32}\+[0-9a-f]{8}", "KEY", text)
    text = re.sub(r"\b(?:sha256:)?[0-9a-f]{64}\b|\b[0-9a-f]{32}\b", "HEX", text)
    text = re.sub(r"\bp-[a-z2-7]{26}\b", "PERSON", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", text) + "\n"


def test_the_document_is_what_it_was(kept, call, generated):
    """`policy-ledger-verification/1` is for ever: what it says of a verified ledger, and of one that is not."""
    url = f"sqlite:///{kept}/ledger.db"
    add_entries(url, draft_note(5))
    with open_ledger(url) as ledger:
        erase(ledger, draft_decision(1).objects[0].digest, by=identify_person(ledger, "Ada"), reason="asked to")
    line = "ledger verify --checkpoint c.txt --trusted-keys keys.txt --output json"
    good = call(line)
    with tampering(kept / "ledger.db") as driver:
        driver.execute("UPDATE entries SET type = 'note' WHERE seq = 2")
        driver.execute("UPDATE decisions SET verdict = 'block' WHERE seq = 1")
    bad = call(line)
    assert (good.code, bad.code) == (0, 1)
    documents = {"verified": json.loads(good.out), "tampered": json.loads(bad.out)}
    generated(Path("tests/golden/policy-ledger-verification-1.json"), normalise(documents))


def test_a_proof_is_printed(kept, call):
    proof = json.loads(call("ledger prove 1").out)
    assert (proof["format"], proof["size"]) == ("policy-proof/1", 3)
    assert proof["checkpoint"] == (kept / "c.txt").read_text()
    again = json.loads(call(f"ledger prove {name_decision(0)} --checkpoint c.txt").out)
    assert again == proof
    shutil.copy(kept / "c.txt", kept / "old.txt")
    add_entries(f"sqlite:///{kept}/ledger.db", draft_note(5))
    call("ledger checkpoint --key l.key --log c.txt")
    growth = json.loads(call("ledger prove --since old.txt").out)
    assert growth["format"] == "policy-consistency-proof/1"
    assert growth["old"] == proof["checkpoint"]
    assert (kept / "c.txt").read_text().endswith(growth["new"])


def test_what_cannot_be_proven(kept, call):
    add_entries(f"sqlite:///{kept}/ledger.db", draft_note(5))
    for line, code, said in (
        ("prove 4", 2, "no checkpoint has entry 4 yet"),
        ("prove 9", 2, "the ledger has no entry `9`"),
        ("prove sha256:00", 2, "the ledger has no entry `sha256:00`"),
        (f"prove {'9' * 5000}", 2, "the ledger has no entry `"),
        ("prove ' OR 1=1", 2, "unexpected extra argument"),
        ("prove", 2, "needs either ID or `--since FILE`"),
        ("prove 1 --since c.txt", 2, "needs either ID or `--since FILE`"),
        ("prove 1 --checkpoint gone", 2, "cannot be read"),
    ):
        result = call(f"ledger {line}")
        assert said in result.err, line
        assert result.code == code
        assert len(result.err) < 600
    with tampering(kept / "ledger.db") as driver:
        driver.execute("UPDATE entries SET type = 'note' WHERE seq = 1")
    assert call("ledger prove 1").code == 1


# Looking at it


@pytest.mark.usefixtures("kept")
def test_entries_are_listed(call):
    lines = call("ledger list").out.splitlines()
    assert [line.split()[2] for line in lines] == ["decision", "decision", "key"]
    assert lines[0].split()[3:] == ["allow", "p0", "ci", name_decision(0)]
    assert [line.split()[0] for line in call("ledger list --last 1").out.splitlines()] == ["3"]
    assert [line.split()[0] for line in call("ledger list --type decision --last 1").out.splitlines()] == ["2"]
    document = json.loads(call("ledger list --output json").out)
    assert document["format"] == "policy-ledger-list/1"
    assert [entry["project"] for entry in document["entries"]] == ["p0", "p1", ""]
    assert {entry["request"] for entry in document["entries"]} == {""}


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("name", "remedy"), [("approvals", "write `approval`"), ("Approval", "write `approval`"), ("nosuch", "there are ")]
)
def test_a_type_that_there_is_not_is_not_taken_for_none(name, remedy, call):
    for form in ("text", "json"):
        result = call(f"ledger list --type {name} --output {form}")
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith(f"error: there is no type of entry `{name}`\n  help: {remedy}")


def test_that_there_is_no_entry_is_said(kept, call):
    result = call("ledger list --type approval")
    assert (result.code, result.out, result.err) == (0, "", "no entry of the type approval is recorded\n")
    assert json.loads(call("ledger list --type approval --output json").out)["entries"] == []
    # A type that only a later version writes is listed like any other.
    with open_ledger(f"sqlite:///{kept}/ledger.db") as ledger:
        ledger.append([draft_note(1)])
    assert len(call("ledger list --type note").out.splitlines()) == 1
    assert call("ledger init --ledger sqlite:///empty.db").code == 0
    assert call("ledger list --ledger sqlite:///empty.db").err == "nothing is recorded yet\n"


def test_whom_a_refusal_is_about_is_listed(kept, call):
    with open_ledger(f"sqlite:///{kept}/ledger.db") as ledger:
        said = {"principal": identify_person(ledger, "Ada"), "model": HOSTILE, "version": "4"}
        ledger.append([Draft("refusal", said)])
    (line,) = call("ledger list --last 1").out.splitlines()
    assert line.partition("refusal  ")[2].startswith("Ada  release  ")
    assert not {"\x1b", "\u202e", "\x07"} & set(line)
    (entry,) = json.loads(call("ledger list --last 1 --output json").out)["entries"]
    assert entry["about"] == f"Ada  release  {HOSTILE}  4"


def test_entries_of_requests_are_listed_with_project_and_id(kept, call):
    with open_ledger(f"sqlite:///{kept}/ledger.db") as ledger:
        row = ask_one(ledger, now=None)
        comment(ledger, row.id, "erin", "why")
    lines = call("ledger list --last 2").out.splitlines()
    assert [line.split()[2:] for line in lines] == [[kind, "support-bot", row.id] for kind in ("request", "comment")]


def test_an_entry_is_shown(kept, call):
    by_id = call(f"ledger show {name_decision(1)}")
    assert by_id == call("ledger show 2")
    assert by_id.out.startswith("entry 2 of the ledger acme (")
    document = json.loads(call("ledger show 2 --output json").out)
    assert (document["format"], document["erased_by"]) == ("policy-ledger-entry/1", None)
    assert document["payload"]["decision"]["project"] == "p1"
    with open_ledger(f"sqlite:///{kept}/ledger.db") as ledger:
        erase(ledger, document["digest"], by=identify_person(ledger, "Ada"), reason="asked to")
    assert "  payload was erased by entry 4\n" in call("ledger show 2").out
    assert json.loads(call("ledger show 2 --output json").out)["erased_by"] == 4


@pytest.mark.usefixtures("kept")
def test_an_entry_is_found_by_what_its_id_begins_with(call):
    full = name_decision(1).removeprefix("sha256:")
    entry = call("ledger show 2")
    for name in (full, full[:8], f"sha256:{full[:8]}"):
        assert call(f"ledger show {name}") == entry
        assert json.loads(call(f"ledger prove {name}").out) == json.loads(call("ledger prove 2").out)
    assert call(f"ledger show {full[:7]}").err.startswith(f"error: the ledger has no entry `{full[:7]}`\n")


@pytest.mark.parametrize("command", ["show", "prove", "replay"])
def test_what_several_ids_begin_with_is_said(kept, call, command):
    ids = []
    for number in (7, 8):
        draft = draft_decision(number)
        assert isinstance(draft.index, DecisionRow)
        ids.append(f"sha256:feedbeef{number:056x}")
        payload = {**draft.payload, "decision": {**draft.payload["decision"], "id": ids[-1]}}
        changed = draft._replace(payload=payload, index=draft.index._replace(decision_id=ids[-1]))
        add_entries(f"sqlite:///{kept}/ledger.db", changed)
    found = call(f"ledger {command} feedbeef")
    said = f"`feedbeef` is what several ids begin with: `{ids[0]}` (entry 4), `{ids[1]}` (entry 5)"
    assert (found.code, found.err.splitlines()[0]) == (2, f"error: {said}")
    assert call("ledger show feedbeef" + "0" * 55 + "7").code == 0


@pytest.mark.parametrize(
    ("statement", "said", "shown"),
    [
        ("UPDATE payloads SET body = replace(body, 'p1', 'p7') WHERE seq = 2", "the payload was changed", "p7"),
        ("UPDATE payloads SET body = x'ff7b' WHERE seq = 2", "the payload was changed", "{"),
        ("UPDATE payloads SET body = 7 WHERE seq = 2", "the payload was changed", "7"),
        ("UPDATE payloads SET body = NULL WHERE seq = 2", "the payload is gone, and no entry says why", ""),
        ("UPDATE entries SET time = '2020-01-01T00:00:00.000Z' WHERE seq = 2", "the entry was changed", "p1"),
    ],
)
def test_an_entry_that_was_tampered_with_is_shown_as_such(kept, call, statement, said, shown):
    with tampering(kept / "ledger.db") as driver:
        driver.execute(statement)
    found = call("ledger show 2")
    assert (found.code, f"  CHANGED {said}" in found.out, shown in found.out) == (1, True, True)
    document = call("ledger show 2 --output json")
    assert document.code == 1
    assert [text.startswith(said) for text in json.loads(document.out)["changed"]] == [True]
    assert call("ledger show 1").code == 0


HOSTILE = "\x1b[31m<script>alert(1)</script>\u202e::error::\x07'; DROP TABLE entries; --"


def test_nothing_in_a_ledger_steers_a_terminal(root, call):
    url = f"sqlite:///{root}/ledger.db"
    assert call("ledger init --name x").code == 0
    with tampering(root / "ledger.db") as driver:
        driver.execute("UPDATE ledger SET name = ?", (HOSTILE,))
    hostile = draft_note(1)._replace(payload={"text": HOSTILE})
    decision = draft_decision(0)
    assert isinstance(decision.index, DecisionRow)
    row = decision.index._replace(project=HOSTILE, gate=HOSTILE, verdict=HOSTILE)
    stated = {**decision.payload["decision"], "project": HOSTILE, "gate": HOSTILE, "verdict": HOSTILE}
    add_entries(url, hostile, decision._replace(payload={**decision.payload, "decision": stated}, index=row))
    with open_ledger(url) as ledger:
        erase(ledger, decision.objects[0].digest, by=identify_person(ledger, "Ada"), reason=HOSTILE)
    assert call("ledger key new --key l.key").code == 0
    assert call("ledger checkpoint --key l.key --log c.txt").code == 0
    (root / "keys.txt").write_text(call("ledger show 4 --output json").out.split('"key": "')[1].split('"')[0])
    for line in (
        "verify --checkpoint c.txt --trusted-keys keys.txt",
        "verify --output json",
        "list",
        "list --output json",
        "show 1",
        "show 1 --output json",
        "show 2",
        "prove 2",
    ):
        result = call(f"ledger {line}")
        assert result.code == 0, line
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", result.out + result.err), line


def test_a_wrong_name_of_a_command_is_said(call):
    assert call("ledger verfy").err == "error: there is no command `ledger verfy`\n  help: write `ledger verify`\n"
    assert call("ledger key rotat").err == (
        "error: there is no command `ledger key rotat`\n  help: write `ledger key rotate`\n"
    )


def test_the_branch_is_committed_to(kept, call, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=kept, check=True)
    done = call("ledger checkpoint --key l.key --log c.txt --git-branch checkpoints")
    assert re.search(r"^committed to the branch checkpoints: [0-9a-f]{40}$", done.out, re.MULTILINE)
    origin = (kept / "c.txt").read_text().splitlines()[0]
    shown = subprocess.run(
        ["git", "show", f"checkpoints:{origin}/checkpoints"], cwd=kept, check=True, capture_output=True, text=True
    )
    assert shown.stdout == (kept / "c.txt").read_text()


@pytest.mark.parametrize("value", ["7", "x'ff00'", "CAST(x'ff' AS TEXT)", "''"])
def test_what_was_changed_to_nonsense_is_shown_and_not_proven(value, kept, call):
    with tampering(kept / "ledger.db") as driver:
        driver.execute(
            f"UPDATE entries SET time = {value}, type = {value}, leaf = {value}, chain = {value} WHERE seq = 1"
        )
    for line, code in (
        ("list", 0),
        ("list --output json", 0),
        ("show 1", 1),
        ("show 1 --output json", 1),
        ("prove 1", 1),
        ("verify", 1),
        ("verify --output json", 1),
        ("checkpoint --key l.key --log n.txt", 1),
    ):
        result = call(f"ledger {line}")
        assert "a bug" not in result.err, line
        assert result.code == code, line


@pytest.mark.usefixtures("kept")
def test_what_the_database_still_keeps_of_it_is_said_until_it_is_gone(call, monkeypatch):
    digest = json.loads(call("ledger show 2 --output json").out)["digest"]
    for said in (f"erased {digest}: entry 4 says so\n", f"{digest} was erased before, by entry 4\n"):
        with monkeypatch.context() as patched:
            patched.setattr(SQLiteDatabase, "forget", lambda _: "it is still in the log")
            done = call(f"ledger erase {digest} --reason asked")
        assert (done.code, done.out) == (1, said)
        first, remedy = done.err.splitlines()
        assert first == "warning: what was erased is not gone from the database yet: it is still in the log"
        assert f"`policy ledger erase {digest}` once more" in remedy
    assert call(f"ledger erase {digest} --reason asked").code == 0


def test_an_object_and_a_name_are_erased_and_the_ledger_still_verifies(kept, call):
    with open_ledger(f"sqlite:///{kept}/ledger.db") as ledger:
        person = identify_person(ledger, "os:ada@desk")
    digest = json.loads(call("ledger show 2 --output json").out)["digest"]
    first = call(f"ledger erase {digest} --reason asked")
    assert (first.code, first.out) == (0, f"erased {digest}: entry 4 says so\n")
    assert call("ledger erase OS:Ada@desk --reason asked").out == f"erased {person}: entry 5 says so\n"
    again = call("ledger erase os:ada@desk --reason asked")
    assert (again.code, again.err.splitlines()[0]) == (
        2,
        "error: there is nothing in the ledger that is called `os:ada@desk`",
    )
    assert again.err.splitlines()[1].startswith("  help: name a person by the whole name or the id")
    twice = call(f"ledger erase {person} --reason asked")
    assert (twice.code, twice.out, twice.err) == (0, f"{person} was erased before, by entry 5\n", "")
    unreasoned = call(f"ledger erase {digest} --reason=").err
    assert "an erasure has a reason, of at most 2,000 characters\n  help: say in a few words why" in unreasoned
    verified = call("ledger verify")
    assert verified.code == 0
    assert "asked" in verified.out
