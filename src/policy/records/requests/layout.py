"""The tables of requests, by name and columns, and which changes of their rows the database refuses.

What is recorded are the entries; these tables are what is looked up and compared-and-swapped. Each row names its entry.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "requests": (
        "id",
        "kind",
        "project",
        "gate",
        "stake",
        "subject",
        "state",
        "asked",
        "expires",
        "ends",
        "runs",
        "uses",
        "votes",
        "overridden",
        "document",
        "staked",
        "policy_set",
        "seq",
        "decided",
        "reviewed",
    ),
    "request_people": ("request", "person", "part", "seq"),
    "request_votes": ("request", "person", "behalf", "answer", "seq"),
    "request_events": ("seq", "request", "event"),
    "request_uses": ("request", "run", "seq"),
    "delegations": ("id", "giver", "taker", "starts", "ends", "seq"),
}
CHANGED: Final = ("requests", "delegations")
_FIXED: Final = (
    "id",
    "kind",
    "project",
    "gate",
    "stake",
    "subject",
    "asked",
    "expires",
    "document",
    "staked",
    "policy_set",
    "seq",
)

# Table, event, name, the condition under which it is refused, and what is said then.
GUARDS: Final = (
    (
        "requests",
        "INSERT",
        "pending",
        (
            "NEW.state <> 'pending' OR NEW.uses <> 0 OR NEW.votes <> 0 OR NEW.decided IS NOT NULL"
            " OR EXISTS (SELECT 1 FROM requests WHERE requests.id = NEW.id)"
        ),
        "a request begins undecided",
    ),
    (
        "requests",
        "UPDATE",
        "asked",
        " OR ".join(f"NEW.{name} <> OLD.{name}" for name in _FIXED)
        + " OR coalesce(NEW.runs, 0) <> coalesce(OLD.runs, 0)",
        "what is asked for does not change",
    ),
    (
        "requests",
        "UPDATE",
        "decided",
        (
            "OLD.state <> 'pending' AND (NEW.state <> OLD.state OR NEW.votes <> OLD.votes"
            " OR coalesce(NEW.ends, '') <> coalesce(OLD.ends, '') OR NEW.overridden <> OLD.overridden)"
            " OR OLD.decided IS NOT NULL AND coalesce(NEW.decided, 0) <> OLD.decided"
            " OR OLD.reviewed IS NOT NULL AND coalesce(NEW.reviewed, 0) <> OLD.reviewed"
        ),
        "what is decided stays decided",
    ),
    (
        "requests",
        "UPDATE",
        "uses",
        (
            "NEW.uses < OLD.uses OR NEW.uses > OLD.uses AND NEW.state <> 'approved'"
            " OR NEW.uses > OLD.uses AND NEW.uses > coalesce(NEW.runs, NEW.uses)"
        ),
        "an approval is used for no more runs than it covers",
    ),
    (
        "request_votes",
        "INSERT",
        "once",
        (
            "EXISTS (SELECT 1 FROM request_votes v WHERE v.request = NEW.request AND v.person = NEW.person)"
            " OR EXISTS (SELECT 1 FROM request_people p WHERE p.request = NEW.request AND p.person = NEW.person"
            " AND p.part <> 'owner')"
        ),
        "one vote a person, and none of who asked or contributed",
    ),
    (
        "delegations",
        "UPDATE",
        "end",
        (
            "NEW.id <> OLD.id OR NEW.giver <> OLD.giver OR NEW.taker <> OLD.taker OR NEW.starts <> OLD.starts"
            " OR NEW.seq <> OLD.seq OR NEW.ends > OLD.ends"
        ),
        "a delegation can only end earlier",
    ),
)
