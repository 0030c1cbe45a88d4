"""Guards in the database: what is recorded is not updated, deleted, replaced, or inserted out of order.

They stop mistakes and whoever has no more than the application's rights. Who owns the database can drop them: that
is what checkpoints outside of it are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.records.entry import FORMAT, LEDGER_FORMAT
from policy.records.requests import layout as requests
from policy.records.runs import layout as runs
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Rule(NamedTuple):
    """`broken` is a condition in the SQL of both databases, on the row `NEW` (of an update also `OLD`)."""

    table: str
    event: str
    name: str
    broken: str
    said: str


_ERASED_BY: Final = (
    "NOT EXISTS (SELECT 1 FROM entries JOIN payloads ON payloads.seq = entries.seq"
    " WHERE entries.seq = NEW.seq AND type = 'erasure' AND {mentions})"
)
RULES: Final = (
    Rule("ledger", "INSERT", "once", "EXISTS (SELECT 1 FROM ledger)", "there is one ledger in a database"),
    Rule(
        "entries",
        "INSERT",
        "order",
        "NEW.seq <> coalesce((SELECT max(seq) FROM entries), 0) + 1",
        "an entry follows the last one",
    ),
    Rule(
        "entries",
        "INSERT",
        "time",
        "EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq - 1 AND entries.time > NEW.time)",
        "no entry is older than the one before it",
    ),
    Rule(
        "entries",
        "INSERT",
        "form",
        "length(NEW.leaf) <> 32 OR length(NEW.chain) <> 32 OR length(NEW.payload) <> 71 OR length(NEW.time) <> 24"
        " OR NOT EXISTS (SELECT 1 FROM payloads WHERE payloads.seq = NEW.seq)",
        "an entry has its hashes, and its payload is stored",
    ),
    Rule(
        "objects",
        "INSERT",
        "once",
        "NEW.body IS NULL OR EXISTS (SELECT 1 FROM objects WHERE objects.digest = NEW.digest)",
        "an object is stored once",
    ),
    Rule(
        "objects",
        "UPDATE",
        "erasure",
        "NEW.body IS NOT NULL OR NEW.digest <> OLD.digest OR NEW.kind <> OLD.kind"
        " OR NOT EXISTS (SELECT 1 FROM erasures WHERE target = OLD.digest)",
        "an object is erased by an entry that names it, and not changed otherwise",
    ),
    Rule(
        "payloads",
        "INSERT",
        "once",
        "NEW.body IS NULL OR EXISTS (SELECT 1 FROM payloads WHERE payloads.seq = NEW.seq)"
        " OR EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq)",
        "a payload is stored once, and before its entry",
    ),
    Rule(
        "payloads",
        "UPDATE",
        "erasure",
        "NEW.body IS NOT NULL OR NEW.seq <> OLD.seq"
        " OR NOT EXISTS (SELECT 1 FROM entries JOIN erasures ON target = payload WHERE entries.seq = OLD.seq)",
        "a payload is erased by an entry that names it, and not changed otherwise",
    ),
    Rule(
        "decisions",
        "INSERT",
        "entry",
        "NOT EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq AND type = 'decision')"
        " OR EXISTS (SELECT 1 FROM decisions WHERE decisions.seq = NEW.seq)"
        " OR EXISTS (SELECT 1 FROM decisions WHERE decision_id = NEW.decision_id)",
        "a decision is found by its entry, and recorded once",
    ),
    Rule("erasures", "INSERT", "entry", _ERASED_BY, "an erasure is an entry that names what is erased"),
    Rule(
        "erasures",
        "INSERT",
        "once",
        "EXISTS (SELECT 1 FROM erasures WHERE target = NEW.target)"
        " OR EXISTS (SELECT 1 FROM entries WHERE payload = NEW.target AND type = 'erasure')",
        "what is erased is erased once, and why it was is not erased",
    ),
    Rule(
        "people",
        "INSERT",
        "once",
        "NEW.name IS NULL OR NEW.folded IS NULL"
        " OR EXISTS (SELECT 1 FROM people WHERE people.id = NEW.id)"
        " OR EXISTS (SELECT 1 FROM people WHERE people.folded = NEW.folded)",
        "a person is there once",
    ),
    Rule(
        "people",
        "UPDATE",
        "erasure",
        "NEW.name IS NOT NULL OR NEW.folded IS NOT NULL OR NEW.id <> OLD.id"
        " OR NOT EXISTS (SELECT 1 FROM erasures WHERE target = OLD.id)",
        "a person is erased by an entry that names them, and not changed otherwise",
    ),
    Rule(
        "checkpoints",
        "INSERT",
        "order",
        "NEW.size <= coalesce((SELECT max(size) FROM checkpoints), -1)"
        " OR NEW.size > coalesce((SELECT max(seq) FROM entries), 0)",
        "a checkpoint follows the last one, and is of entries that are there",
    ),
    Rule(
        "policy_sets",
        "INSERT",
        "entry",
        "NEW.seq <= coalesce((SELECT max(seq) FROM policy_sets), 0)"
        " OR NOT EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq AND type IN ('decision', 'policy-set'))",
        "a policy set is in use from an entry on that says so, and after those before it",
    ),
    *(Rule(*parts) for parts in (*requests.GUARDS, *runs.GUARDS)),
)
UPDATED: Final = frozenset(rule.table for rule in RULES if rule.event == "UPDATE")
"""Tables in which something may be erased or decided; of all others no row is ever changed."""


def list_rules(tables: Sequence[str]) -> Iterator[Rule]:
    """The rules of some tables, those against every change among them."""
    for table in tables:
        yield from (rule for rule in RULES if rule.table == table)
        if table not in UPDATED:
            yield Rule(table, "UPDATE", "never", "1 = 1", "what is recorded is not changed")
        yield Rule(table, "DELETE", "never", "1 = 1", "what is recorded is not deleted")


def name_guard(rule: Rule) -> str:
    """What the trigger is called."""
    return f"policy_{rule.table}_{rule.event.lower()}_{rule.name}"


def write_guards(dialect: str, tables: Sequence[str], schema: str = "") -> Iterator[str]:
    """The statements that set the guards of some tables."""
    if dialect == "sqlite":
        return (write_sqlite(rule) for rule in list_rules(tables))
    return write_postgresql(tables, schema)


def write_sqlite(rule: Rule) -> str:
    """A trigger, exactly as the database keeps it."""
    broken = rule.broken.format(mentions="instr(body, CAST('\"target\":\"' || NEW.target || '\"' AS BLOB)) > 0")
    return (
        f"CREATE TRIGGER {name_guard(rule)} BEFORE {rule.event} ON {rule.table} WHEN {broken} "
        f"BEGIN SELECT RAISE(ABORT, '{rule.said}'); END"
    )


def write_postgresql(tables: Sequence[str], schema: str) -> Iterator[str]:
    """A function and a trigger for each rule; the chain is computed again, for which SQLite has no function."""
    for rule in list_rules(tables):
        broken = rule.broken.format(
            mentions="position(convert_to('\"target\":\"' || NEW.target || '\"', 'UTF8') in body) > 0"
        )
        yield from _write_trigger(name_guard(rule), rule, broken, schema)
    for table in tables:
        rule = Rule(table, "TRUNCATE", "never", "", "what is recorded is not deleted")
        yield from _write_trigger(name_guard(rule), rule, "true", schema, each="STATEMENT")
    if "entries" in tables:
        rule = Rule("entries", "INSERT", "chain", _BROKEN_CHAIN, "the hashes of an entry are those of its parts")
        yield from _write_trigger(name_guard(rule), rule, rule.broken, schema)
    if "payloads" in tables:
        # Looked at when the transaction ends: one that stayed alone would be in the way of the next entry.
        broken = "NOT EXISTS (SELECT 1 FROM entries WHERE entries.seq = NEW.seq)"
        rule = Rule("payloads", "INSERT", "entry", broken, "a payload is stored with its entry")
        yield from _write_trigger(name_guard(rule), rule, broken, schema, late=True)


_BROKEN_CHAIN: Final = (
    "NEW.leaf <> sha256('\\x00'::bytea || convert_to(format("  # noqa: S608 - names of ours
    f'\'{{"format":"{FORMAT}","ledger":"%s","payload":"%s","seq":%s,"time":"%s","type":"%s"}}\','
    " (SELECT id FROM ledger), NEW.payload, NEW.seq, NEW.time, NEW.type), 'UTF8'))"
    " OR NEW.chain <> sha256(coalesce((SELECT chain FROM entries WHERE entries.seq = NEW.seq - 1),"
    f" sha256(convert_to('{LEDGER_FORMAT}' || chr(10), 'UTF8') || decode((SELECT id FROM ledger), 'hex'))) || NEW.leaf)"
)


def _write_trigger(
    name: str, rule: Rule, broken: str, schema: str, each: str = "ROW", *, late: bool = False
) -> Iterator[str]:
    # With a search path of its own: a temporary table of the same name would be looked into instead.
    path = '"' + schema.replace('"', '""') + '"'
    result = "OLD" if rule.event == "DELETE" else "NEW"
    yield (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {path}, pg_temp AS $guard$ "
        f"BEGIN IF {broken} THEN RAISE EXCEPTION '{rule.said}'; END IF; RETURN {result}; END $guard$"
    )
    kind, when, wait = (
        ("CONSTRAINT TRIGGER", "AFTER", "DEFERRABLE INITIALLY DEFERRED") if late else ("TRIGGER", "BEFORE", "")
    )
    yield (f"CREATE {kind} {name} {when} {rule.event} ON {rule.table} {wait} FOR EACH {each} EXECUTE FUNCTION {name}()")
