"""What is told of a request, `policy-webhook/1`: ids, states and times, and no word that a client has chosen freely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.app.approvals.desk import find_request_terms
from policy.app.approvals.secrecy import redact_document
from policy.app.approvals.served import find_judge
from policy.errors import PolicyError
from policy.gates.mlflow.server.api.exchange import BASE
from policy.model.canonical import canonical_json
from policy.records.notices.rows import DECIDED, Made
from policy.records.requests.asking import WAIVER
from policy.records.requests.queries import read_object
from policy.records.requests.rows import PENDING
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.app.runs.panel import Panel
    from policy.model.mlflow_settings import Webhook
    from policy.records.notices.rows import Happening
    from policy.records.requests.rows import Row

FORMAT: Final = "policy-webhook/1"
LONGEST: Final = 200


class Writer(NamedTuple):
    """Writes for one webhook, by the policies in force; `ledger_id` says of which ledger."""

    panel: Panel
    webhook: Webhook
    ledger_id: str

    def write(self, ledger: Any, happening: Happening) -> Made:
        """The notice of something that happened: its body is the same however often it is sent."""
        row = happening.row
        notice = happening.name_notice(self.ledger_id)
        document = _read_document(ledger, row)
        body = {
            "format": FORMAT,
            "id": notice,
            "event": happening.event,
            "time": happening.time,
            "ledger": self.ledger_id,
            "server": self.panel.settings.server,
            "request": row.id,
            "kind": row.kind,
            "project": shorten(row.project),
            "gate": shorten(row.gate) or None,
            "state": row.state if happening.event == DECIDED else PENDING,
            "break_glass": happening.event == DECIDED and bool(row.overridden),
            "verdict": None if row.kind == WAIVER else "hold",
            "decision": shorten(str((document or {}).get("decision", ""))) or None,
            "deciders": self._list_deciders(row, document),
            "asked": row.asked,
            "expires": row.expires,
            "ends": row.ends,
            "link": f"{self.webhook.server_url}{BASE}/requests/{row.id}" if self.webhook.server_url else None,
        }
        return Made(notice, row.id, happening.event, canonical_json(body).decode())

    def _list_deciders(self, row: Row, document: Any) -> list[dict[str, Any]]:
        """Which roles, as the policy set calls them, and how many of each; never who they are."""
        if row.kind == WAIVER:
            return [{"who": "approvers of waivers", "quorum": 1}]
        terms = find_request_terms(find_judge(self.panel, row).workspace.policy_set, row, document)
        return [{"who": shorten(need.said), "quorum": need.quorum} for need in terms.needs]


def shorten(text: str) -> str:
    """A name as it is told: one line, not long, and without what looks like a secret."""
    seen = "".join(letter if letter.isprintable() else " " for letter in redact_document(text))
    return seen if len(seen) <= LONGEST else f"{seen[: LONGEST - 1]}…"


def _read_document(ledger: Any, row: Row) -> dict[str, Any] | None:
    """What approvers read; None where it is erased, and where it is not what was recorded."""
    try:
        found = read_object(ledger, row.document)
    except PolicyError:
        return None
    return found if isinstance(found, dict) else None
