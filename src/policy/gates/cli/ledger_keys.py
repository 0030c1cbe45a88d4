"""`policy ledger key`: the keys that sign checkpoints, and those of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policy.gates.cli.ledger_options import LedgerCommands, find_place, ledger_option
from policy.gates.cli.streams import say
from policy.reports.layout import clean

if TYPE_CHECKING:
    from policy.app.ledgers.key_changes import KeyChange


@click.group("key", cls=LedgerCommands)
def key() -> None:
    """Make, replace and revoke the keys that sign checkpoints, and make those of servers."""


@key.command("new")
@ledger_option
@click.option("--key", "path", required=True, metavar="FILE", help="The file to write the private key to.")
def new(url: str | None, config: str | None, path: str) -> int:
    """Make a key: the private part in a file for you alone, the public part in the ledger and below."""
    from policy.app.ledgers.key_changes import add_key

    _say_key(add_key(find_place(url, config), path), path)
    return 0


@key.command("rotate")
@ledger_option
@click.option("--key", "old", required=True, metavar="FILE", help="The file of the key that is replaced.")
@click.option("--new", "path", required=True, metavar="FILE", help="The file to write the new private key to.")
@click.option("--reason", default="", help="Why.")
def rotate(url: str | None, config: str | None, old: str, path: str, reason: str) -> int:
    """Put a new key in the place of one; what that one signed before still counts."""
    from policy.app.ledgers.key_changes import rotate_key

    changed = rotate_key(find_place(url, config), old, path, reason)
    _say_key(changed, path)
    _say_end(changed)
    return 0


@key.command("revoke")
@ledger_option
@click.argument("text", metavar="KEY")
@click.option("--reason", required=True, help="Why it does not count any more.")
def revoke(url: str | None, config: str | None, text: str, reason: str) -> int:
    """Record that KEY, given whole or by its id, does not count from here on; what it signed before still does."""
    from policy.app.ledgers.key_changes import revoke_key

    changed = revoke_key(find_place(url, config), text, reason)
    say(f"entry {changed.seq:,} revokes the key\n")
    _say_end(changed)
    return 0


@key.command("spool")
@click.option("--key", "path", required=True, metavar="FILE", help="The file to write the private key to.")
@click.option("--server", default="mlflow", show_default=True, help="What the server is called in the policy set.")
def spool(path: str, server: str) -> int:
    """Make a key with which an MLflow server signs what it does while the ledger is down.

    It is the server's own and signs no checkpoints. No ledger knows it: the policy set does.
    """
    from policy.app.runs.spool_keys import VARIABLE, create_spool_key

    made = create_spool_key(path, server)
    say(f"wrote {clean(path)}, which you alone can read\n")
    say(f"next: add its public part to the policy set, and name the file in {VARIABLE} where the server runs:")
    say(f"mlflow: {{spool_keys: [{clean(made.text)}]}}")
    return 0


def _say_key(changed: KeyChange, path: str) -> None:
    say(f"wrote {clean(path)}, which you alone can read; entry {changed.seq:,} records the key\n")
    say(f"next: give this line to everyone who verifies, for their file of trusted keys:\n{clean(changed.key.text)}")


def _say_end(changed: KeyChange) -> None:
    if changed.ended is not None:
        say("next: who verifies writes this line instead of the old key's, and keeps the old checkpoints:")
        say(clean(f"{changed.ended.text} until {changed.seq - 1}"))
