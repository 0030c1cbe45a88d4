"""The requests of a ledger that are in scope, with what each is about and who decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.auditing.requests import Requests, list_overrulings
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.app.auditing.exemptions import Exemptions
    from policy.app.auditing.recorded import Recorded
    from policy.app.auditing.wanted import Wanted
    from policy.model.audit import Overruling, RequestNote, Voter


class Asked(NamedTuple):
    """What was asked, who answered, what was overruled, and how many entries about it are erased."""

    requests: tuple[RequestNote, ...] = ()
    voters: tuple[Voter, ...] = ()
    overrulings: tuple[Overruling, ...] = ()
    erased: int = 0


def read_asked(recorded: Recorded, wanted: Wanted, wants: Callable[[str, str], bool], exemptions: Exemptions) -> Asked:
    """What was asked; waivers that were granted so join the other exemptions."""
    names = recorded.name_people()
    requests = Requests(lambda person: f"{names[person]} ({person})" if person in names else f"{person} (erased)")
    for step in recorded.read_steps():
        requests.add(step)
    erased = requests.erased
    requests.keep(wanted.is_current)
    policies = {}
    for name, request in requests.by_id.items():
        document = recorded.read_document(request.said.get("document"))
        holding, waiver = document.get("holding"), document.get("waiver")
        policies[name] = tuple(map(str, holding)) if type(holding) is list else ()
        if request.said.get("kind") == "waiver" and request.state == "approved" and type(waiver) is dict:
            exemptions.add_granted(waiver, f"{requests.name_deciders(request)}, by request {name}")
    requests.keep_named(
        {
            name
            for name, request in requests.by_id.items()
            if any(wants(policy, str(request.said.get("project"))) for policy in policies[name] or ("",))
        }
    )
    noted = requests.list_requests(policies, wanted.bounds.last)
    return Asked(noted, requests.list_voters(), list_overrulings(noted), erased)
