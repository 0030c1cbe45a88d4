"""Runs as they were begun here: who fine-tunes in one is asked about again once its manifest has been changed."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from policy.app.runs.intent import find_manifest, intend, read_intent
from policy.app.runs.recent import Recent
from policy.app.runs.refusal import RunRefused
from policy.errors import PolicyError
from policy.gates.mlflow.client.judging import digest_file
from policy.gates.mlflow.client.manifests import read_outgoing
from policy.gates.mlflow.client.refusal import stop_refused
from policy.gates.mlflow.client.server import say_once
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Begun(NamedTuple):
    """The file that a run was begun with and a digest of it, what the run is for, and the id of its experiment."""

    manifest: str
    digest: str
    activity: str
    experiment: str


OLD: Final = "the manifest was changed since the active run began, which stays on record with what it said then"
REMEMBERED: Final = 1000
_BEGUN: Final[Recent[str, Begun]] = Recent(REMEMBERED)


def note_begun(info: Any, tags: Mapping[str, str]) -> None:
    """Remember a run that was created with these tags."""
    from policy.app.runs.attempt import TRAINING
    from policy.app.runs.sent import ACTIVITY_TAG, DIGEST_TAG

    with suppress(PolicyError):  # where nobody judges, a manifest may have mistakes
        intent = read_intent()
        file, outgoing = find_manifest(intent), read_outgoing(intent)
        # A program may name another one itself, by its digest.
        if not intent.off and file and outgoing and tags.get(DIGEST_TAG) == outgoing.digest:
            activity = tags.get(ACTIVITY_TAG) or TRAINING
            _BEGUN.keep(info.run_id, Begun(file, digest_file(file), activity, str(info.experiment_id)))


class AsksAgain:
    """What a store does before it logs the parameters of a Trainer, which come before the first step.

    Where a run is active a Trainer begins none, and nobody would be asked.
    """

    def log_batch_async(self, run_id: str, metrics: Any, params: Any, tags: Any) -> Any:
        begun = find_changed(run_id, params)
        if begun is not None:
            if not os.path.isfile(begun.manifest):
                raise RunRefused(f"the manifest that the active run was begun with is gone: `{begun.manifest}`")
            with stop_refused(), intend(begun.manifest, begun.activity):
                self.ask_again(begun)
            say_once(OLD)
        store: Any = super()
        return store.log_batch_async(run_id, metrics, params, tags)

    def ask_again(self, begun: Begun) -> None:
        """Raises PolicyError, RunRefused."""


def find_changed(run: str, parameters: Any) -> Begun | None:
    """The run, where parameters show that it fine-tunes, and its manifest is another one by now."""
    from policy.gates.mlflow.server.signs import find_tuning

    begun = _BEGUN.find(run)
    if begun is None or not find_tuning({"params": parameters}) or read_intent().off:
        return None
    there = os.path.isfile(begun.manifest)
    return None if there and digest_file(begun.manifest) == begun.digest else begun
