"""Mistakes in calling the command, said as every other problem is: what is wrong, then what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection

# Names beyond this number are looked up, not read.
LISTED = 12


class NameOf(click.Choice):  # type: ignore[type-arg]  # generic in later versions of click only
    """One of some names; for a wrong one the nearest is suggested."""

    def __init__(self, noun: str, names: Collection[str]) -> None:
        super().__init__(list(names))
        self.noun = noun

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value not in self.choices:
            raise refuse_name(self.noun, str(value), list(self.choices))
        return value


def refuse_name(noun: str, name: str, known: Collection[str], elsewhere: str = "") -> PolicyError:
    """The error of a name that is not known; `elsewhere` says where all names are, if they are many."""
    return PolicyError(Problem(f"there is no {noun} `{name}`", suggest_name(name, known, elsewhere)))


def suggest_name(name: str, known: Collection[str], elsewhere: str = "") -> str:
    """The remedy for a name that is not known."""
    from policy.source.suggestion import nearest

    close = nearest(name, known)
    if close:
        return f"write `{close}`"
    return f"there are {', '.join(known)}" if len(known) <= LISTED or not elsewhere else elsewhere


def describe_usage(error: click.ClickException) -> Problem:
    """The problem of arguments that click refuses."""
    context = getattr(error, "ctx", None)
    called = context.command_path if context else "policy"
    remedy = f"`{called} --help` says how it is called"
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        return Problem(f"`{called}` has no option `{name}`", suggest_name(name, _list_options(context), remedy))
    if isinstance(error, click.BadOptionUsage):
        return Problem(f"`{error.option_name}` needs a value", remedy)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        option = isinstance(error.param, click.Option)
        needed = f"`{error.param.opts[0]}`" if option else error.param.human_readable_name
        return Problem(f"`{called}` needs {needed}", remedy)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return Problem(f"`{error.param.opts[0]}`: {error.message.rstrip('.')}", remedy)
    message = error.format_message().rstrip(".")
    return Problem(message[:1].lower() + message[1:], remedy)


def _list_options(context: click.Context | None) -> list[str]:
    if context is None:
        return []
    parameters = context.command.get_params(context)
    return [name for parameter in parameters if isinstance(parameter, click.Option) for name in parameter.opts]
