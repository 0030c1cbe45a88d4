"""Reports that are written as changes are found, each in its form to where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from policy.gates.cli.outputs import Output
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from policy.gates.cli.targets import Target


class Form(Protocol):
    """A report of changes: its head, a text for each, and the tail, of which each command knows what they say."""

    separator: str
    worst_first: bool
    start: Callable[..., str]
    show: Callable[..., str]
    finish: Callable[..., str]


class Sink(NamedTuple):
    """A form, where it goes, and how it is shown there."""

    form: Form
    out: Output
    context: Any

    def start(self, *said: object) -> None:
        """Write the head."""
        self.out.start(self.form.start(*said, self.context))

    def add(self, change: Any) -> None:
        """Write what becomes of a subject."""
        self.out.add(change.new, self.form.show(change, self.context))

    def finish(self, *said: object) -> None:
        """Write the tail."""
        self.out.finish(self.form.finish(*said, self.context))


def open_sinks(
    targets: Sequence[Target], forms: Mapping[str, Callable[[], Any]], context: Any, stack: ExitStack
) -> list[Sink]:
    """A sink for each target; what is not finished is discarded with the stack. Raises PolicyError."""
    return [_open(target, forms[target.format](), context, stack) for target in targets]


def _open(target: Target, form: Any, context: Any, stack: ExitStack) -> Sink:
    from policy.gates.cli.streams import use_colour

    out = Output(target, form)
    stack.callback(out.discard)
    return Sink(form, out, context._replace(colour=use_colour() and target.path is None))
