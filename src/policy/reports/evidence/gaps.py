"""What is not known, as text: what the manifest could state, what could not be had, and how much nobody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.colour import paint
from policy.reports.evidence.cells import WIDTH
from policy.reports.layout import clean, join_names, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.reports.evidence.view import EvidenceContext, EvidenceView, Unknown

NAMED_POLICIES = 4


def write_unstated(view: EvidenceView, context: EvidenceContext) -> Iterator[str]:
    """What policies ask for and a manifest could state, each with its meaning; without one, that there is none."""
    unstated = [unknown for unknown in view.unknown if _is_unstated(unknown, view)]
    if view.subject.manifest is None and unstated:
        names = join_names([unknown.path for unknown in unstated], len(unstated))
        yield from wrap(f"no manifest covers this: {names}", "    ", "      ", WIDTH)
        yield from wrap("help: write one in its folder or above; `policy init` drafts it", "      ", "        ", WIDTH)
        return
    for unknown in unstated:
        yield from _write_item(unknown, unknown.settle.removeprefix(_say_stating(unknown)), context)


def _is_unstated(unknown: Unknown, view: EvidenceView) -> bool:
    is_sought = unknown.path in view.unavailable
    return bool(unknown.policies) and not is_sought and unknown.settle.startswith(_say_stating(unknown))


def _say_stating(unknown: Unknown) -> str:
    return f"state {unknown.path} in the manifest: "


def write_unknown(view: EvidenceView, context: EvidenceContext) -> Iterator[str]:
    """What policies ask for and could not be had; then what nobody asks for, by the reason; then how much is left."""
    for unknown in view.unknown:
        if unknown.policies and not _is_unstated(unknown, view):
            yield from _write_item(unknown, unknown.why, context)
            settle = clean(unknown.settle.replace(unknown.path, "it", 1))
            yield from wrap(f"help: {settle}", "      ", "        ", WIDTH)
    reasons: dict[str, list[str]] = {}
    for unknown in view.unknown:
        if not unknown.policies:
            reasons.setdefault(unknown.why, []).append(unknown.path)
    for why, paths in reasons.items():
        yield from dim(wrap(f"{join_names(paths, len(paths))}: {clean(why)}", "    ", "      ", WIDTH), context)
    if view.unasked:
        said = f"{view.unasked} more that no policy in force asks for here: `--all` names them"
        yield from dim(wrap(said, "    ", "      ", WIDTH), context)


def _write_item(unknown: Unknown, said: str, context: EvidenceContext) -> Iterator[str]:
    """The fact, who asks for it, and what there is to say of it."""
    names = join_names(list(unknown.policies), NAMED_POLICIES)
    first, *others = wrap(f"{unknown.path} ({names}): {clean(said)}", "    ", "      ", WIDTH)
    yield first.replace(unknown.path, paint(unknown.path, "bold", colour=context.colour), 1)
    yield from others


def dim(lines: Iterable[str], context: EvidenceContext) -> Iterator[str]:
    """Lines that say less than others."""
    return (paint(line, "dim", colour=context.colour) for line in lines)
