"""Autologging that a training switches off for others meanwhile: MLflow leaves it off where the training is stopped."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Switch = Callable[[list[str]], AbstractContextManager[None]]


def keep_autologging() -> None:
    """Have it on again after a refusal, too, which a notebook outlives; for flavors that are imported after this."""
    with suppress(ImportError, AttributeError):
        from mlflow.utils import autologging_utils

        switch_off = autologging_utils.disable_discrete_autologging
        if switch_off.__module__ != __name__:
            autologging_utils.disable_discrete_autologging = switch_on_after(switch_off)


def switch_on_after(switch_off: Switch) -> Switch:
    """What switches off, and on again however that ends which is done meanwhile."""

    @contextmanager
    def be_off(flavors: list[str]) -> Iterator[None]:
        meanwhile = switch_off(flavors)
        meanwhile.__enter__()
        try:
            yield
        finally:
            # It switches on where it is told of no error.
            meanwhile.__exit__(None, None, None)

    return be_off
