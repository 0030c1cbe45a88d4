"""The questions of the interview in plain words, with what each answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.model.schema import Field


class Wording(NamedTuple):
    """A question as a person is asked it; `meanings` explain choices, `example` shows how a value is written."""

    question: str
    meanings: Mapping[str, str] = {}
    example: str = ""


WORDINGS: Final[dict[str, Wording]] = {
    "purpose": Wording(
        "What should the model do better than it does now?",
        {
            "style": "write in a voice, a tone or a format",
            "domain-language": "master the language of a field, such as law or medicine",
            "task-pattern": "do one kind of task again and again, such as extraction",
            "latency": "answer faster",
            "knowledge": "know facts: prices, documents, news",
            "other": "something else",
        },
    ),
    "needs.knowledge": Wording("Do answers rest on facts that the model does not know, such as prices or documents?"),
    "needs.citations": Wording("Must answers cite their sources?"),
    "data.change_interval": Wording(
        "How often does the data change that answers or examples come from?", example="such as 7d or 180d"
    ),
    "data.rows": Wording(
        "How many examples are there, each a request with the answer that it should get?", example="a number"
    ),
    "tried": Wording(
        "What was tried already?",
        {
            "base-model": "the model as it is",
            "prompt-engineering": "a well-made prompt",
            "system-prompt": "a detailed system prompt",
            "few-shot": "examples in the prompt",
            "rag": "retrieval: documents that are looked up for each answer",
            "hybrid": "retrieval with a tuned model",
            "fine-tuning": "a tuned model",
            "none": "nothing",
        },
    ),
    "system.kind": Wording(
        "What is being built?",
        {
            "assistant": "it answers people",
            "agent": "it acts by itself, with tools",
            "extraction": "it takes data out of texts",
            "classification": "it sorts",
            "generation": "it writes texts",
            "search": "it finds things",
            "other": "something else",
        },
    ),
    "needs.varied_tasks": Wording("Are the tasks many and different, or done only once?"),
    "needs.latency_p95": Wording("How soon must 95 of 100 answers be there?", example="such as 800ms or 2s"),
    "owner.training_experience": Wording("Has anybody in the team trained models before?"),
    "stage": Wording("How far is the project?"),
}


def word_question(field: Field) -> Wording:
    """The question about a fact; an organisation's own fields are asked for by what they mean."""
    return WORDINGS.get(field.path) or Wording(field.about)
