"""The providers whose rules are known, and in what these differ."""

from __future__ import annotations

from policy.structs import NamedTuple

# Both providers' documentation: the file's limit is "512 MB", which may be meant either way.
SURELY_TOO_LARGE = 512 * 1024 * 1024
PERHAPS_TOO_LARGE = 512 * 1000 * 1000
# Both providers' documentation: a job with fewer examples does not start.
FEWEST_ROWS = 10
# OpenAI's documentation: improvements are seen from 50 to 100 examples; Azure's recommends to start with 50.
FEWEST_USEFUL_ROWS = 50


class Provider(NamedTuple):
    """A service that trains from files. `key` is as in `training.tool`.

    `wants_mark` is whether the file is to start with a byte order mark. `answer_roles` may stand in a preferred
    or other answer, of which one holds at most `longest_answer` messages. `tells_epochs` is whether the default
    number of epochs is published.
    """

    key: str
    title: str
    wants_mark: bool
    answer_roles: tuple[str, ...]
    longest_answer: int | None
    tells_epochs: bool


OPENAI = Provider(
    "openai",
    "OpenAI",
    wants_mark=False,
    # Recalled: preferences are for conversations of one turn, so an answer is one message of the assistant.
    answer_roles=("assistant",),
    longest_answer=1,
    tells_epochs=True,
)
AZURE = Provider(
    "azure",
    "Azure OpenAI",
    # Azure's documentation asks for it; recalled: files without one are taken nevertheless, so it is a warning.
    wants_mark=True,
    # Azure's documentation: the messages of both answers are the assistant's or a tool's, at least one the former's.
    answer_roles=("assistant", "tool"),
    longest_answer=None,
    tells_epochs=False,
)
PROVIDERS = {provider.key: provider for provider in (OPENAI, AZURE)}
