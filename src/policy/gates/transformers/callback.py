"""What the Trainer calls before its first step: rank 0 judges, and tells all others what has come of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from transformers import TrainerCallback

from policy.app.runs.attempt import TRAINING
from policy.app.runs.here import Occasion, judge_here
from policy.app.runs.intent import find_manifest, intend, read_intent
from policy.app.runs.refusal import refuse_unjudged
from policy.errors import PolicyError
from policy.gates.transformers.ranks import share

if TYPE_CHECKING:
    import os

LOGGER: Final = logging.getLogger("policy.transformers")
OFF: Final = "`POLICY_OFF` is set: the training begins unjudged"


class JudgingCallback(TrainerCallback):  # type: ignore[misc]  # transformers is not always installed
    """Judges once, for all trainings that it is asked about."""

    def __init__(self, manifest: str | os.PathLike[str] | None, activity: str | None) -> None:
        self.manifest = manifest
        self.activity = activity
        self._admitted = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        if self._admitted:
            return
        share(self._judge)
        self._admitted = True

    def _judge(self) -> None:
        """Raises RunRefused."""
        try:
            with intend(self.manifest, self.activity):
                intent = read_intent()
            manifest = find_manifest(intent)
        except PolicyError as error:
            raise refuse_unjudged(error) from None
        said = (
            OFF if intent.off else judge_here(Occasion(manifest or "", intent.activity or TRAINING), datetime.now(UTC))
        )
        if said:
            LOGGER.warning("Tunegate: %s", said)
