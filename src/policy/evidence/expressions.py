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

    from policy.model.expressions import Expression
    from policy.model.kinds import Kind
    from policy.plugins.worker import Worker

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
        self._worker: Worker | None = None

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
        from policy.plugins.worker import NoAnswerError

        try:
            reply: dict[str, Any] = json.loads(self._start().ask((number, dict(values)), self.seconds))
        except OSError as error:
            return {"fault": f"could not be evaluated: {error.strerror}"}
        except NoAnswerError as error:
            return {"fault": f"needs more than {MEBIBYTES} MiB" if error.code == SPENT else str(error)}
        return reply

    def _start(self) -> Worker:
        if self._worker is None:
            from policy.plugins.worker import Worker

            texts = [(item.text, dict(item.types)) for item in self.expressions]
            self._worker = Worker("policy.evidence.expression_worker:answer", (MEBIBYTES, SPENT, texts))
        return self._worker

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.close()


def shorten(text: str) -> str:
    """The expression on one line; of a long one the beginning."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


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
