"""Everything that the interface answers, as one table: what is served, and what its OpenAPI document says."""

from __future__ import annotations

from typing import Final

from policy.app.approvals.served import SHOWN
from policy.gates.mlflow.server.api import approvals, emergencies, manifests, measures
from policy.gates.mlflow.server.api.exchange import Parameter, Route
from policy.gates.mlflow.server.api.openapi import describe_interface
from policy.records.requests.rows import STATES

REQUEST: Final = "/requests/{request}"
TEXT: Final = {"type": "string", "pattern": r"^[^\u0000]+$", "maxLength": 500}
NUMBER: Final = {"type": "integer", "minimum": 1, "maximum": approvals.MOST}
FILTERS: Final = (
    Parameter("state", "Those in a state, or `all`; without it those that wait.", {"enum": ["all", *STATES]}),
    Parameter("project", "Those of a project.", TEXT),
    Parameter("gate", "Those of a gate.", TEXT),
    Parameter("kind", "Those of a kind.", {"enum": ["approval", "waiver"]}),
    Parameter("after", "Those behind this one, which the answer before calls `next`.", TEXT),
    Parameter("limit", f"So many at most; {SHOWN} without it.", NUMBER),
)
WRONG: Final = dict.fromkeys((400, 401), "Error")
FOUND: Final = {200: "Requests", 401: "Error", 404: "Error", 503: "Error"}
DECIDED: Final = {200: "Requests", **WRONG, **dict.fromkeys((403, 404, 409, 413, 415, 503), "Error")}
BROKEN: Final = {200: "Glass", **WRONG, **dict.fromkeys((403, 404, 409, 413, 415), "Error")}
LISTED: Final = {200: "RequestList", **WRONG, 404: "Error", 503: "Error"}
TAKEN: Final = {200: "Manifest", 201: "Manifest", **WRONG, 403: "Error", 404: "Error", 413: "Error"}
FORESEEN: Final = {200: "Foreseen", **WRONG, 403: "Error", 404: "Error", 413: "Error"}
ABOUT: Final = {
    "server": "Which server this is, and whom it takes you for.",
    "document": "This document.",
    "metrics": "What the gate has done, in the form that Prometheus reads.",
    "manifest": "Keep a run manifest, so that a run can name it by its digest.",
    "foresee": "What would come of a run, without a record of it.",
    "list": "Requests that somebody has to act on, or others; oldest first.",
    "show": "A request: what is asked and why, what changed since the last yes, who decides and who has.",
    "approve": "Say yes. Not who asked, and not who contributed.",
    "reject": "Say no, which ends it. Not who asked, and not who contributed.",
    "withdraw": "Take back what you asked for; it is over when nobody asks any more.",
    "comment": "Say something that decides nothing.",
    "break": "Let it pass at once, alone: in an emergency, for a short time, and somebody else has to review it.",
    "outage": "Let the runs of a manifest begin while the ledger is down; recorded and reviewed once it answers.",
    "review": "Say what came of broken glass. Not who broke it, asked, or contributed.",
}

ROUTES: Final = (
    Route("GET", "/", "describeServer", ABOUT["server"], manifests.describe_server, {200: "Server", 401: "Error"}),
    Route("GET", "/openapi.json", "describe", ABOUT["document"], describe_interface, {200: "Document", 401: "Error"}),
    Route("GET", "/metrics", "tellMetrics", ABOUT["metrics"], measures.tell_metrics, {200: "Metrics", 401: "Error"}),
    Route(
        *("PUT", "/manifests/{digest}", "putManifest", ABOUT["manifest"], manifests.put_manifest, TAKEN, "RunManifest"),
        fault=403,
    ),
    Route("POST", "/preflight", "foresee", ABOUT["foresee"], manifests.look_ahead, FORESEEN, "Attempt", fault=403),
    Route(
        *("POST", "/break-glass", "breakGlassInOutage", ABOUT["outage"], emergencies.break_glass, BROKEN, "Outage"),
        acts=True,
        fault=403,
    ),
    Route("GET", "/requests", "listRequests", ABOUT["list"], approvals.list_requests, LISTED, parameters=FILTERS),
    Route("GET", REQUEST, "showRequest", ABOUT["show"], approvals.show_request, FOUND),
    *(
        Route("POST", f"{REQUEST}/{word}", name, ABOUT[about], answer, DECIDED, body, acts=True)
        for word, name, about, answer, body in (
            ("approve", "approve", "approve", approvals.approve, "Yes"),
            ("reject", "reject", "reject", approvals.reject, "No"),
            ("withdraw", "withdraw", "withdraw", approvals.withdraw, "Yes"),
            ("comment", "comment", "comment", approvals.comment, "Comment"),
            ("break-glass", "breakGlass", "break", approvals.break_glass, "Emergency"),
            ("review", "review", "review", approvals.review, "Finding"),
        )
    ),
)
