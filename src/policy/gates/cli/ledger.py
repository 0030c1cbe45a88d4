"""`policy ledger`: the record of decisions kept, verified, and proven to others."""

from __future__ import annotations

import click

from policy.errors import PolicyError, Problem
from policy.gates.cli.ledger_keys import key
from policy.gates.cli.ledger_options import (
    LedgerCommands,
    find_place,
    format_option,
    ledger_option,
    say_json,
    say_lines,
)
from policy.gates.cli.options import config_option
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say, say_aside
from policy.reports.layout import clean, count_noun


@click.group("ledger", cls=LedgerCommands)
def command() -> None:
    """Keep the record of decisions, verify it, and prove what is in it.

    A ledger is named by the policy set (`ledger: sqlite:///ledger.db`) or with --ledger. What is recorded is never
    changed; signed checkpoints that are kept elsewhere show whether it was.
    """


@command.command("init")
@ledger_option
@click.option("--name", default="", help="What the ledger is called; by default as its file or database is.")
@click.option("--role", default="", help="PostgreSQL: who may append and read, and change nothing.")
def init(url: str | None, config: str | None, name: str, role: str) -> int:
    """Make a ledger, or bring the one that is there up to date."""
    from policy.records.ledger import create_ledger

    place = find_place(url, config)
    with create_ledger(place.url, folder=place.folder, name=name, role=role) as ledger:
        print_problems(ledger.warnings)
        size, _ = ledger.head()
        say(clean(f"ledger {ledger.name} ({ledger.id}): {count_noun(size, 'entry')}"))
    return 0


@command.command("verify")
@ledger_option
@click.option(
    "--checkpoint", "files", multiple=True, metavar="FILE", help="A checkpoint from outside, or a log of them."
)
@click.option("--trusted-keys", "key_files", multiple=True, metavar="FILE", help="The keys that you trust, one a line.")
@click.option("--trusted-key", "keys", multiple=True, metavar="KEY", help="A key that you trust.")
@click.option("--entries-only", is_flag=True, help="Leave out payloads, objects and the index of decisions.")
@format_option
def verify(
    url: str | None,
    config: str | None,
    files: tuple[str, ...],
    key_files: tuple[str, ...],
    keys: tuple[str, ...],
    entries_only: bool,
    form: str,
) -> int:
    """Compute every hash of the ledger anew, and name each entry that was changed, moved, added or is missing.

    Who may write to the whole database can rewrite its end so that it fits itself: that shows only beside a
    checkpoint that was kept elsewhere. Which keys sign checkpoints is not the ledger's word but yours.

    Exit codes: 0 verified, 1 tampering found, 2 the ledger or a checkpoint cannot be used.
    """
    from policy.app.ledgers.key_files import read_trusted
    from policy.app.ledgers.verifying import verification_document, verify_place
    from policy.gates.cli.ledger_text import describe_verified

    trusted = read_trusted(key_files, keys)
    verified = verify_place(find_place(url, config), files, trusted, with_contents=not entries_only)
    if form == "json":
        say_json(verification_document(verified))
    else:
        say_lines(describe_verified(verified))
    print_problems(verified.refused)
    return 1 if verified.total else 2 if verified.refused else 0


@command.command("prove")
@ledger_option
@click.argument("name", metavar="[ID]", required=False)
@click.option(
    "--checkpoint", "file", metavar="FILE", help="The checkpoint; by default the newest that the database has."
)
@click.option("--since", metavar="FILE", help="Instead of an entry: that this checkpoint is the beginning of that one.")
def prove(url: str | None, config: str | None, name: str | None, file: str | None, since: str | None) -> int:
    """Print a proof that an entry is in the ledger.

    ID is its number, a decision's id, or at least eight characters that no other id begins with.

    Whoever has the public key checks the proof without access to the ledger: see `docs/how-to/keep-a-ledger.md`.
    """
    from policy.app.ledgers import viewing

    if (name is None) == (since is None):
        remedy = "name an entry's number or a decision's id, or a checkpoint with `--since`"
        raise PolicyError(Problem("`policy ledger prove` needs either ID or `--since FILE`", remedy))
    place = find_place(url, config)
    say_json(viewing.prove_since(place, since, file) if since else viewing.prove(place, name or "", file))
    return 0


@command.command("checkpoint")
@ledger_option
@click.option(
    "--key", "key_file", required=True, metavar="FILE", help="The private key, which its owner alone can read."
)
@click.option("--log", required=True, metavar="FILE", help="The log of checkpoints, outside the database.")
@click.option("--git-branch", "branch", metavar="NAME", help="A branch that the log is committed to, too.")
@click.option("--git-repository", "repository", default=".", metavar="FOLDER", help="Its repository; by default here.")
def checkpoint(
    url: str | None, config: str | None, key_file: str, log: str, branch: str | None, repository: str
) -> int:
    """Sign what the ledger has become, and add that to a log of checkpoints.

    Nothing is signed that does not fit the last checkpoint of the log. Run it as another user than what appends to the
    ledger, who alone can read the key.

    Exit codes: 0 signed, 1 tampering found and nothing signed, 2 something cannot be used.
    """
    from policy.app.ledgers.signing import Branch, sign_ledger

    target = Branch(repository, branch) if branch else None
    done = sign_ledger(find_place(url, config), key_file, log, target)
    say(done.note, end="")
    say(f"\nsigned {count_noun(done.checkpoint.size, 'entry')}, {done.added:,} of them new; the log is {clean(log)}")
    if done.commit:
        say(clean(f"committed to the branch {branch}: {done.commit}"))
        say(clean(f"next: git push REMOTE {branch}, for only elsewhere it is out of reach"))
    if done.warning is not None:
        print_problems([done.warning])
    return 0


command.add_command(key)


@command.command("catch-up")
@config_option
def catch_up(config: str | None) -> int:
    """Record what waits in the spool since the ledger was down.

    An MLflow server and the next check that records do so by themselves. What was forged, changed or repeated is
    refused, named, and kept beside the spool.

    Exit codes: 0 everything is recorded, 1 something was refused, 2 the ledger cannot be used, or another process
    is at it, and all of it waits on.
    """
    from policy.app.ledgers.catching_up import catch_up as record
    from policy.gates.cli.workspace import open_here

    recorded, known, problems, busy = record(open_here(config))
    print_problems(problems)
    if busy:
        say("another process records what waits at this moment: ask again")
    again = f", {known:,} had been before" if known else ""
    refused = f", {len(problems):,} refused" if problems else ""
    say(f"{recorded:,} recorded{again}{refused}" if recorded or known or problems or busy else "nothing waits")
    return 1 if problems else 2 if busy else 0


@command.command("erase")
@ledger_option
@click.argument("target")
@click.option("--reason", required=True, help="Why it must not be kept; it stays in the ledger.")
def erase(url: str | None, config: str | None, target: str, reason: str) -> int:
    """Erase TARGET: an object, by its digest, or a person's name, given as it is or by its id.

    Its hash stays, so that the ledger still verifies; an entry says what was erased, by whom and why. A decision
    whose input is erased cannot be judged again. With a person's name go the approvals and waivers that decisions were
    judged with and that name them. In PostgreSQL it takes the rights of the owner.

    While somebody else reads, the database may keep it for them: erase it once more then. Copies of the database,
    such as backups, keep it in any case.

    Exit codes: 0 it is gone, 1 it is erased, and the database still keeps it, 2 there is no such thing, or the ledger
    cannot be used.
    """
    from policy.app.ledgers.erasing import erase_at

    named, entry, new, mentions, warning = erase_at(find_place(url, config), target, reason)
    done = (
        f"erased {named}: entry {entry.seq:,} says so" if new else f"{named} was erased before, by entry {entry.seq:,}"
    )
    say(clean(done))
    if mentions:
        say(f"erased with it, each by an entry: {count_noun(len(mentions), 'record')} of approvals or waivers by name")
    if warning is not None:
        print_problems([warning])
    return 1 if warning is not None else 0


@command.command("list")
@ledger_option
@click.option("--type", "kind", metavar="TYPE", help="Only entries of this type, such as decision or key.")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@format_option
def list_command(url: str | None, config: str | None, kind: str | None, last: int, form: str) -> int:
    """List the last entries."""
    from policy.app.ledgers.viewing import TYPES, list_entries
    from policy.gates.cli.ledger_text import describe_line
    from policy.gates.cli.usage import refuse_name

    lines = list(list_entries(find_place(url, config), last, kind))
    if not lines and kind is not None and kind not in TYPES:
        raise refuse_name("type of entry", kind, TYPES)
    if form == "json":
        say_json({"format": "policy-ledger-list/1", "entries": [line._asdict() for line in lines]})
    else:
        say_lines(map(describe_line, lines))
        if not lines:
            say_aside(f"no entry of the type {kind} is recorded" if kind is not None else "nothing is recorded yet")
    return 0


@command.command("show")
@ledger_option
@click.argument("name", metavar="ID")
@format_option
def show(url: str | None, config: str | None, name: str, form: str) -> int:
    """Show an entry with all that it records.

    ID is its number, a decision's id, or at least eight characters that no other id begins with. What is stored is held
    against the hashes of the entry; `policy ledger verify` holds all entries against each other, too.

    Exit codes: 0 shown, 1 what is stored is not what was recorded, 2 there is no such entry, or several.
    """
    from policy.app.ledgers.viewing import show_entry
    from policy.gates.cli.ledger_text import describe_entry

    shown = show_entry(find_place(url, config), name)
    if form == "json":
        say_json(shown)
    else:
        say_lines(describe_entry(shown))
    return 1 if shown["changed"] else 0


@command.command("replay")
@ledger_option
@click.argument("name", metavar="ID")
@format_option
def replay(url: str | None, config: str | None, name: str, form: str) -> int:
    """Judge the decision ID again, from what is recorded of its inputs alone.

    ID is its entry's number, its id, or at least eight characters that no other id begins with. With --ledger no file
    of any project is needed. It comes out byte for byte as it was, or every value that differs is listed.

    Exit codes: 0 the same, 1 something differs, 2 there is no such decision, or its inputs were erased.
    """
    from policy.app.recording.replaying import replay_named
    from policy.gates.cli.ledger_replay import write_replay
    from policy.records.ledger import open_ledger

    place = find_place(url, config)
    with open_ledger(place.url, folder=place.folder, create=False) as ledger:
        replayed = replay_named(ledger, name)
    say_lines(write_replay(replayed, form))
    return 0 if replayed.same else 1
