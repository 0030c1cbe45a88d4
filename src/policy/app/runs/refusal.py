"""The refusal that stops a training: what trains makes a warning of any ordinary exception, and goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.errors import PolicyError


class RunRefused(BaseException):
    """The run must not begin; its text says why, and what to do."""

    # As tracebacks name it, and as programs import it.
    __module__ = "policy"

    def _render_traceback_(self) -> list[str]:
        # IPython shows this instead of a traceback through other people's code.
        return [f"{type(self).__name__}: {self}"]


def refuse_unjudged(error: PolicyError) -> RunRefused:
    """The refusal of a project that cannot be judged, with every reason."""
    return RunRefused("\n".join(["nothing begins, because the project cannot be judged:", *map(str, error.problems)]))
