"""Bad input to the ledger and to requests: each ends in a sentence, an exit code, and nothing that was lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.app.approvals.identity import identify_user
from policy.gates.cli.main import main
from policy.records.ledger import open_ledger
from policy.records.requests.asking import Question, ask
from tests.e2e.conftest import ROOT, Policy
from tests.records.keeping import draft_note

pytest.importorskip("sqlalchemy")

ME = identify_user()
SET = f"""\
policy_set: 1
policies: [policies]
ledger: sqlite:///ledger.db
waiver_rules: {{approvers: {{default: [zoe]}}}}
approvals:
  roles: {{leads: [{json.dumps(ME)}, zoe]}}
  people: {{ada: [ada@example.com]}}
  rules: [{{roles: [leads]}}]
"""
RULE = """\
policy: stage
title: Somebody looks at production
severity: high
require: {stage: prototype}
effect: {default: hold}
"""
MANIFEST = "manifest: 1\nproject: bot\nstage: production\n"
FILES = {"policy.yaml": SET, "policies/own/stage.yaml": RULE, "ml-manifest.yaml": MANIFEST}
LEDGER = "sqlite:///ledger.db"
HOSTILE = "<script>alert(1)</script>'); DROP TABLE entries; --"


def write_files(folder: Path) -> Policy:
    """The project and its policy set, and the command in their folder."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Policy(folder)


@pytest.fixture(scope="module")
def made_kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    assert write_files(folder)("check", "--gate", "run").code == 4
    return folder


@pytest.fixture
def kept(made_kept, tmp_path):
    """A project that is held, and its decision in the ledger."""
    return shutil.copytree(made_kept, tmp_path, dirs_exist_ok=True)


def change(file: Path, *statements: str) -> None:
    """Write into a database as no command does."""
    with closing(sqlite3.connect(file)) as driver:
        for statement in statements:
            driver.execute(statement)
        driver.commit()


def count(file: Path) -> int:
    """The entries that are there."""
    with closing(sqlite3.connect(file)) as driver:
        return int(driver.execute("SELECT count(*) FROM entries").fetchone()[0])


def find_problem(result, code, said):
    """The problem that ended a command; what there is to do about it stands below."""
    assert result.code == code, result.err
    assert said in result.err
    assert result.helps
    return result.err


# The database

DAMAGES = {
    "from a newer version": ("UPDATE alembic_version SET version_num = '9999'", "was written by a newer version"),
    "of a wrong schema": ("ALTER TABLE checkpoints RENAME TO points", "is not whole: it lacks `checkpoints.size`"),
    "of no version": ("DELETE FROM alembic_version", "does not say which version of its schema it has"),
    "half migrated": ("INSERT INTO alembic_version VALUES ('0001')", "does not say which version of its schema"),
    "without a guard": ("DROP TRIGGER policy_entries_delete_never", "lacks the guard `policy_entries_delete_never`"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_database(kept, policy, name):
    statement, said = DAMAGES[name]
    file = kept / "ledger.db"
    before = count(file)
    change(file, statement)
    for line in (["ledger", "init"], ["approvals", "list"], ["preview", "."]):
        find_problem(policy(*line), 2, said)
    # A gate that enforces lets nothing pass that is on no record.
    result = policy("check", "--gate", "run")
    assert result.code == 1
    assert said in result.err
    waived = policy("waivers")
    assert (waived.code, waived.out) == (2, f"there are no waivers in files; the ledger {LEDGER} could not be asked\n")
    assert count(file) == before


def test_a_migration_that_stopped_midway_is_not_taken_for_an_older_ledger(kept, policy):
    file = kept / "ledger.db"
    before = count(file)
    change(file, "UPDATE alembic_version SET version_num = '0001'")
    find_problem(policy("approvals", "list"), 2, "was written by an older version")
    result = policy("ledger", "init")
    assert result.code == 2
    assert result.headlines
    assert count(file) == before


def test_a_database_of_something_else(plant, policy, tmp_path):
    plant(FILES)
    change(tmp_path / "ledger.db", "CREATE TABLE entries (note TEXT)", "INSERT INTO entries VALUES ('mine')")
    find_problem(policy("ledger", "init"), 2, "is not a ledger: it holds other tables")
    assert policy("check", "--gate", "run").code == 1
    assert count(tmp_path / "ledger.db") == 1


@pytest.mark.parametrize("content", [b"", b"no database " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_corrupt_file(kept, policy, content):
    file = kept / "ledger.db"
    for end in ("-wal", "-shm"):
        (kept / f"ledger.db{end}").unlink(missing_ok=True)
    file.write_bytes(content)
    for line in (["approvals", "list"], ["ledger", "verify"]):
        find_problem(policy(*line), 2, "ledger.db")
    if content:
        assert policy("check", "--gate", "run").code == 1
        assert file.read_bytes() == content


def test_a_file_that_is_cut(kept, policy):
    file = kept / "ledger.db"
    change(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    file.write_bytes(file.read_bytes()[:20_000])
    result = policy("ledger", "verify")
    assert result.code in (1, 2)
    assert result.headlines or "tamper" in result.out
    assert policy("check", "--gate", "run").code == 1


def test_a_clock_that_goes_backwards(kept, policy):
    later = datetime.now(UTC) + timedelta(days=400)
    with open_ledger(f"sqlite:///{kept}/ledger.db", now=lambda: later) as ledger:
        ledger.append([draft_note(1)])
    # At another gate it is another decision, also within the same second.
    assert policy("check", "--gate", "release").code == 4
    lines = json.loads(policy("ledger", "list", "-o", "json").out)["entries"]
    times = [line["time"] for line in lines]
    assert times == sorted(times)
    shown = json.loads(policy("ledger", "show", str(lines[-1]["seq"]), "-o", "json").out)
    assert shown["payload"]["clock_read"] < shown["time"]
    assert policy("ledger", "verify").out.endswith("verified\n")


# Checkpoints and keys


def sign(policy, folder, name="l.key"):
    """A key of the ledger in a folder, and the file of keys that whoever verifies trusts."""
    made = policy("ledger", "key", "new", "--key", name, folder=folder)
    assert made.code == 0, made.err
    (folder / "keys.txt").write_text(made.out.splitlines()[-1] + "\n")
    return made.out.splitlines()[-1]


@pytest.fixture(scope="module")
def made_twins(tmp_path_factory):
    above = tmp_path_factory.mktemp("twins")
    for folder in (above / "a", above / "b"):
        policy = write_files(folder)
        assert policy("ledger", "init", "--name", "acme").code == 0
        sign(policy, folder)
        assert policy("ledger", "checkpoint", "--key", "l.key", "--log", "log.txt").code == 0
    return above


@pytest.fixture
def twins(made_twins, tmp_path):
    """Two ledgers of one name, each with a key."""
    shutil.copytree(made_twins, tmp_path, dirs_exist_ok=True)
    return tmp_path / "a", tmp_path / "b"


def test_two_ledgers_of_one_name_are_told_apart_by_their_ids(twins, policy):
    shown = {policy("ledger", "init", folder=folder).out for folder in twins}
    assert len(shown) == 2
    assert all(re.fullmatch(r"ledger acme \([0-9a-f]{32}\): \d entr(y|ies)\n", text) for text in shown)


def test_a_checkpoint_of_another_ledger(twins, policy):
    one, other = twins
    result = policy(
        "ledger", "verify", "--checkpoint", str(other / "log.txt"), "--trusted-keys", "keys.txt", folder=one
    )
    assert result.code == 2
    assert "another ledger" in result.out + result.err
    find_problem(
        policy("ledger", "prove", "1", "--checkpoint", str(other / "log.txt"), folder=one), 2, "another ledger"
    )


def test_a_log_of_another_ledger_is_not_added_to(twins, policy):
    one, other = twins
    before = (other / "log.txt").read_bytes()
    result = policy("ledger", "checkpoint", "--key", "l.key", "--log", str(other / "log.txt"), folder=one)
    find_problem(result, 2, "has checkpoints of")
    assert (other / "log.txt").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "gone.key"), ("", "key"), ("nonsense\n", "key"), ("\x00\x01", "key")],
)
def test_a_key_that_is_missing_or_none(twins, policy, content, said):
    folder, _ = twins
    if content is not None:
        (folder / "gone.key").write_text(content)
    before = (folder / "log.txt").read_bytes()
    find_problem(policy("ledger", "checkpoint", "--key", "gone.key", "--log", "log.txt", folder=folder), 2, said)
    assert (folder / "log.txt").read_bytes() == before


def test_the_key_of_another_ledger(twins, policy):
    one, other = twins
    shutil.copy(other / "l.key", one / "wrong.key")
    find_problem(
        policy("ledger", "checkpoint", "--key", "wrong.key", "--log", "log.txt", folder=one), 2, "the key is of"
    )


def test_a_key_that_is_revoked_signs_nothing_more_and_old_proofs_hold(twins, policy):
    folder, _ = twins
    trusted = (folder / "keys.txt").read_text().strip()
    assert policy("ledger", "key", "revoke", trusted, "--reason", "left on a train", folder=folder).code == 0
    find_problem(
        policy("ledger", "checkpoint", "--key", "l.key", "--log", "log.txt", folder=folder), 2, "was revoked by entry"
    )
    told = policy("ledger", "verify", "--checkpoint", "log.txt", "--trusted-keys", "keys.txt", folder=folder)
    assert told.code == 0, told.out + told.err


# Requests


def ask_for(folder: Path, requester: str, *, now: datetime | None = None, stake: str = "s") -> str:
    """A request that somebody else asked."""
    with open_ledger(f"sqlite:///{folder}/ledger.db") as ledger:
        question = Question(
            kind="approval",
            project="bot",
            gate="run",
            stake=stake,
            subject="",
            document={"format": "policy-request-document/1", "holding": ["stage"], "outcomes": []},
            staked=None,
            policy_set="sha256:" + "2" * 64,
            requester=requester,
            lasts=86_400_000,
        )
        return ask(ledger, question, now=now).row.id


@pytest.fixture(scope="module")
def made_desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    assert write_files(folder)("ledger", "init").code == 0
    return folder


@pytest.fixture
def desk(made_desk, tmp_path):
    """A policy set with a ledger, and nothing asked."""
    return shutil.copytree(made_desk, tmp_path, dirs_exist_ok=True)


def test_approving_a_request_that_is_unknown(desk, policy):
    for name in ("r-gone", "'; DROP TABLE requests; --", "r-" + "x" * 5000):
        find_problem(policy("approvals", "approve", name), 2, "there is no request `")
    assert count(desk / "ledger.db") == 0


def test_approving_a_request_that_is_decided(desk, policy):
    request = ask_for(desk, "os:dave@desk")
    assert policy("approvals", "reject", request, "--reason", "no").code == 0
    before = count(desk / "ledger.db")
    find_problem(policy("approvals", "approve", request), 1, f"you cannot approve `{request}`: it was rejected")
    assert count(desk / "ledger.db") == before


def test_approving_a_request_that_is_expired(desk, policy):
    request = ask_for(desk, "os:dave@desk", now=datetime.now(UTC) - timedelta(days=2))
    find_problem(policy("approvals", "approve", request), 1, f"you cannot approve `{request}`: it expired at 20")
    assert policy("approvals", "list").out == "nothing waits for anybody\n"


NAME = ME.removeprefix("os:").partition("@")[0]
SPELLINGS = {
    "itself": ME,
    "in capitals": ME.upper(),
    "without a host": NAME,
    "on another host": f"os:{NAME}@elsewhere.example",
    "in wide letters": "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in NAME),
    "with a space": f" {NAME} ",
    "with an invisible sign": f"{NAME[:1]}\u200b{NAME[1:]}",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_approving_what_one_asked_for_under_another_spelling(desk, policy, name):
    spelled = SPELLINGS[name]
    if not spelled.isprintable():
        with pytest.raises(Exception, match="cannot be printed"):
            ask_for(desk, spelled)
        return
    request = ask_for(desk, spelled)
    result = policy("approvals", "approve", request)
    find_problem(result, 1, "asked for it")
    assert policy("approvals", "list").out.endswith("1 request: 1 pending\n")


# Texts


def test_sql_and_markup_in_every_text_do_nothing(plant, policy, tmp_path):
    owner = f"owner: {{team: {json.dumps(HOSTILE)}, contact: {json.dumps(HOSTILE)}}}\n"
    manifest = f"manifest: 1\nproject: {json.dumps(HOSTILE)}\nstage: production\n{owner}"
    named = SET.replace("policy_set: 1\n", f"policy_set: 1\nname: {json.dumps(HOSTILE)}\n")
    plant({**FILES, "policy.yaml": named, "ml-manifest.yaml": manifest})
    assert policy("check", "--gate", "run").code == 4
    (asked,) = json.loads(policy("approvals", "list", "-o", "json").out)["requests"]
    ends = (datetime.now(UTC) + timedelta(days=20)).date()
    waiver = ["--owner", HOSTILE, "--ticket", HOSTILE, "--expires", str(ends)]
    lines = (
        ["comment", asked["id"], HOSTILE],
        ["waive", "stage", "--project", HOSTILE, "--reason", HOSTILE, *waiver],
        ["reject", asked["id"], "--reason", HOSTILE],
    )
    for line in lines:
        assert policy("approvals", *line).code in (0, 1), line
    for line in (["list", "--all"], ["show", asked["id"]], ["list", "--all", "-o", "json"]):
        assert "<script>alert(1)</script>" in policy("approvals", *line).out
    page = policy("report", "-o", "html=page.html", "-o", "markdown=page.md", "-o", "csv=page.csv")
    assert page.code in (0, 1), page.err
    text = (tmp_path / "page.html").read_text()
    assert "DROP TABLE entries" in text
    assert "<script>alert" not in text
    assert "<script>alert" not in (tmp_path / "page.md").read_text()
    assert policy("ledger", "verify").out.endswith("verified\n")


@pytest.mark.parametrize("act", ["comment", "approve", "reject", "waive"])
def test_a_text_of_a_megabyte(desk, monkeypatch, capsys, act):
    request = ask_for(desk, "os:dave@desk")
    before = count(desk / "ledger.db")
    text = "x" * 1_000_000
    monkeypatch.chdir(desk)
    ends = str((datetime.now(UTC) + timedelta(days=20)).date())
    line = {
        "comment": ["comment", request, text],
        "approve": ["approve", request, "--reason", text],
        "reject": ["reject", request, "--reason", text],
        "waive": ["waive", "stage", "--project", "bot", "--reason", text, "--owner", "ops", "--expires", ends],
    }[act]
    # No system passes such an argument on; who sends it otherwise is refused all the same.
    assert main(["approvals", *line]) == 2
    captured = capsys.readouterr()
    assert "has 1,000,000 characters, and 4,000 are the most" in captured.err
    assert len(captured.err) < 1000
    assert count(desk / "ledger.db") == before


# Clocks and versions


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "XYZ+13:45", "nonsense"])
def test_the_time_zone_of_who_runs_it_changes_nothing(policy, zone):
    env = {"TZ": zone}
    before = datetime.now(UTC)
    assert policy("approvals", "ask", env=env).code == 4
    (asked,) = json.loads(policy("approvals", "list", "-o", "json", env=env).out)["requests"]
    lasted = datetime.fromisoformat(asked["expires"]) - datetime.fromisoformat(asked["asked"])
    assert lasted == timedelta(days=14)
    assert abs(datetime.fromisoformat(asked["asked"]) - before) < timedelta(hours=1)
    last = json.loads(policy("ledger", "list", "-o", "json", env=env).out)["entries"][-1]
    assert abs(datetime.fromisoformat(last["time"]) - before) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2099-01-01T12:00:00", "is not a time"),
        ("2099-13-01", "is not a time"),
        ("tomorrow", "is not a time"),
        ("2020-01-01T00:00:00+14:00", "would never hold"),
    ],
)
def test_a_time_without_its_zone_or_that_is_none(desk, policy, time, said):
    find_problem(policy("approvals", "delegate", "zoe", "--until", time), 2, said)
    assert count(desk / "ledger.db") == 0


@pytest.mark.usefixtures("desk")
def test_a_time_with_a_zone_is_that_time(policy):
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    ahead = ends.astimezone(datetime.strptime("+1400", "%z").tzinfo)
    assert policy("approvals", "delegate", "zoe", "--until", ahead.isoformat()).code == 0
    (made,) = json.loads(policy("approvals", "list", "-o", "json").out)["delegations"]
    assert datetime.fromisoformat(made["ends"]) == ends


@pytest.mark.parametrize(("version", "warned"), [("(3, 40, 1)", True), ("(3, 51, 3)", False), ("(4, 0, 0)", False)])
def test_an_sqlite_older_than_the_fix_of_its_log_is_warned_of(plant, policy, tmp_path, version, warned):
    plant({**FILES, "site/sitecustomize.py": f"import sqlite3\nsqlite3.sqlite_version_info = {version}\n"})
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])}
    result = policy("check", "--gate", "run", env=env)
    assert result.code == 4
    said = [line for line in result.headlines if "SQLite" in line]
    assert len(said) == warned
    assert all(line.startswith("warning: ") for line in said)
