"""The callback as people ask for it, with what they read where transformers is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.app.runs.intent import check_activity

if TYPE_CHECKING:
    import os

    Path = str | os.PathLike[str]

MISSING = (
    "the callback is one for the Trainer of transformers, which is not there: `pip install 'tunegate[transformers]'`"
)


def make_trainer_callback(*, manifest: Path | None = None, activity: str | None = None) -> Any:
    """A callback for `transformers.Trainer`, which raises RunRefused on every rank where the training must not begin.

    Raises PolicyError for an activity that there is not, and ImportError without transformers.
    """
    if activity is not None:
        check_activity(activity)
    try:
        from policy.gates.transformers.callback import JudgingCallback
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "transformers":
            raise
        raise ImportError(MISSING, name="transformers") from None
    return JudgingCallback(manifest, activity)
