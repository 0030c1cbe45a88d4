"""Manifests judged for a report: as `policy check` judges them, and on no record."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from policy.app.checking import Check, CheckRequest
from policy.app.kept_files import list_set_files
from policy.errors import NothingToJudgeError, PolicyError
from policy.model.audit import Unjudged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from policy.app.workspace import Workspace
    from policy.errors import Problem
    from policy.model.waiver_entry import WaiverEntry

Owner = tuple[str, str]


class Judged:
    """A run of `policy check` whose decisions are counted; nothing of it is recorded. Raises PolicyError."""

    def __init__(self, paths: Sequence[str], gate: str, now: datetime, config: str | None) -> None:
        request = CheckRequest(tuple(paths), gate, now, config=config, formats=(("json", False),), recording=True)
        self.check = Check(request)
        self._owners: dict[str, Owner] = {}

    @property
    def workspace(self) -> Workspace:
        """What it is judged with."""
        return self.check.bench.workspace

    @property
    def problems(self) -> list[Problem]:
        """What was wrong, when all is judged."""
        return self.check.problems

    def would_ask_ledger(self) -> bool:
        """Whether decisions at the gate are recorded elsewhere, so that what a ledger grants would count for them."""
        settings = self.workspace.policy_set.ledger
        return settings is not None and self.check.request.gate in settings.gates

    def read_documents(self) -> Iterator[dict[str, Any]]:
        """The document of every decision, as it is made."""
        for rendered in self.check.run():
            yield json.loads(rendered.texts[0])

    def find_owner(self, manifest: str) -> Owner:
        """Team and contact that a manifest declares."""
        if manifest not in self._owners:
            self._owners[manifest] = self._read_owner(manifest) if manifest else ("", "")
        return self._owners[manifest]

    def _read_owner(self, manifest: str) -> Owner:
        from policy.app.manifests import load_manifest

        try:
            claims = load_manifest(self.workspace, manifest).claims
        except PolicyError:
            return "", ""
        said = {claim.path: str(claim.value) for claim in reversed(claims)}
        return said.get("owner.team", ""), said.get("owner.contact", "")

    def list_unjudged(self) -> Iterator[Unjudged]:
        """What could not be judged, and why."""
        for problem in self.problems:
            if problem.level == "error":
                place = problem.location
                yield Unjudged(place.file if place else "", problem.message)

    def list_inputs(self) -> Iterator[str]:
        """The files that are judged, and those that they are judged by."""
        for item in self.check.items:
            yield from (os.path.join(self.workspace.root, file) for file in item.inputs)
        yield from list_set_files(self.workspace)

    def list_waivers(self) -> Iterator[WaiverEntry]:
        """The waivers that the policy set lists."""
        yield from (standing.entry for standing in self.check.summary.waivers)


def open_judged(paths: Sequence[str], gate: str, now: datetime, config: str | None) -> Judged | None:
    """The run; None where no policy is judged at the gate. Raises PolicyError."""
    try:
        return Judged(paths, gate, now, config)
    except NothingToJudgeError:
        return None
