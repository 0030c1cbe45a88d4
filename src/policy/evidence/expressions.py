"""CEL expressions, evaluated before judging in one process of their own that can be ended."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from policy.model.fact import ABSENT, Fact, Members
from policy.model.facts import Facts
from policy.model.kinds import DurationKind
from policy.model.resolution import STRENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from subprocess import Popen
    from threading import Event
    from weakref import finalize

    from policy.model.expressions import Expression
    from policy.model.kinds import Kind

SECONDS = 10.0
MEBIBYTES = 512
# More of an expression is not repeated where it breaks.
LONGEST = 100
# The exit code of a process that ran out of memory.
SPENT = 3


class Evaluator:
    """Evaluates expressions on facts; its process is started when it is first needed, and again after it was ended."""

    def __init__(self, expressions: Sequence[Expression], seconds: float = SECONDS) -> None:
        self.expressions = expressions
        self.seconds = seconds
        self._process: Popen[bytes] | None = None
        self._end: finalize[..., Evaluator] | None = None

    def add_answers(self, facts: Facts, wanted: Collection[str] | None = None) -> Facts:
        """The facts with what the expressions say, all of them or those at the wanted paths, and what broke."""
        answers: list[Fact] = []
        faults = dict(facts.faults)
        for number, expression in enumerate(self.expressions):
            if wanted is None or expression.path in wanted:
                value, fault = self._evaluate(number, expression, facts)
                if fault:
                    faults[expression.path] = f"the CEL expression `{shorten(expression.text)}` {fault}"
                elif value is not None:
                    answers.append(make_answer(expression, value, facts))
        claims = (*facts.claims, *answers)
        return Facts(claims, facts.schema, facts.subject, facts.unavailable, faults, facts.tables, facts.today)

    def _evaluate(self, number: int, expression: Expression, facts: Facts) -> tuple[bool | None, str]:
        """Whether the expression holds, None where that is not known; or else what happened."""
        known = {
            path: convert(facts.schema.fields[path].kind, facts.values[path])
            for path in expression.types
            if is_known(facts.values.get(path))
        }
        if not known:
            return None, ""
        reply = self._ask(number, known)
        if "error" in reply and len(known) < len(expression.types):
            # What is not known breaks all but what does not depend on it: CEL's `&&` and `||` go round it.
            return None, ""
        return reply.get("answer"), reply.get("fault") or reply.get("error") or ""

    def _ask(self, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        from threading import Event, Timer

        from policy.plugins.interpreter import give

        expired = Event()
        try:
            process = self._start()
        except OSError as error:
            return {"fault": f"could not be evaluated: {error.strerror}"}
        # Reading would wait for ever; an ended process is at the end of what it says.
        timer = Timer(self.seconds, _stop, (process, expired))
        timer.start()
        try:
            give(process, (number, dict(values)))
            said = process.stdout.readline() if process.stdout is not None else b""
        finally:
            timer.cancel()
        if said.endswith(b"\n"):
            reply: dict[str, Any] = json.loads(said)
            return reply
        code = process.wait()
        self.close()
        if expired.is_set():
            return {"fault": f"gave no answer within {self.seconds:g} s"}
        return {"fault": f"needs more than {MEBIBYTES} MiB" if code == SPENT else "ended without an answer"}

    def _start(self) -> Popen[bytes]:
        """The process, started where there is none. Raises OSError."""
        if self._process is None:
            import weakref

            from policy.plugins.interpreter import end, give, start_interpreter

            self._process = start_interpreter("policy.evidence.expression_worker:answer")
            # Nobody else would end it.
            self._end = weakref.finalize(self, end, self._process)
            give(self._process, (MEBIBYTES, SPENT, [(item.text, dict(item.types)) for item in self.expressions]))
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._end is not None:
            self._end()
        self._process = self._end = None


def shorten(text: str) -> str:
    """The expression on one line; of a long one the beginning."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _stop(process: Popen[bytes], expired: Event) -> None:
    expired.set()
    process.kill()


def is_known(value: Any) -> bool:
    """Whether an expression may see the value; of a list that is not known in full it would see too little."""
    return value is not None and value is not ABSENT and (not isinstance(value, Members) or value.complete)


def convert(kind: Kind, value: Any) -> Any:
    """The value as CEL takes it: a date is its first moment in UTC."""
    if isinstance(value, Members):
        return [convert(getattr(kind, "of", kind), item) for item in value.items]
    if isinstance(kind, DurationKind):
        return timedelta(milliseconds=value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def make_answer(expression: Expression, value: bool, facts: Facts) -> Fact:
    """The answer as a fact, worth as much as the weakest fact that it may rest on."""
    read = [facts.judged[path] for path in expression.types if path in facts.judged]
    origin = max((fact.origin for fact in read), key=STRENGTH.__getitem__, default="declared")
    location = next((fact.location for fact in read if fact.location), None)
    return Fact(expression.path, value, origin, f"derived from {', '.join(expression.types)}", location)
