"""The vocabularies of OpenAI's models, as tiktoken keeps them once it has fetched them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from policy.evidence.tokens.tokenizer import TIKTOKEN, NoTokenizerError, Tokenizer, digest_content
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Vocabulary(NamedTuple):
    """Where tiktoken fetches a vocabulary from, and the SHA-256 that it wants of it; a test holds both to tiktoken."""

    address: str
    sha256: str


_PLACE = "https://openaipublic.blob.core.windows.net/encodings"
VOCABULARIES = {
    "o200k_base": Vocabulary(
        f"{_PLACE}/o200k_base.tiktoken", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
    ),
    "cl100k_base": Vocabulary(
        f"{_PLACE}/cl100k_base.tiktoken", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
    ),
}
# The first that fits.
_ENCODINGS = (
    (re.compile(r"(chat)?gpt-4o|gpt-4\.[1-9]|gpt-5|o[134](-|$)"), "o200k_base"),
    (re.compile(r"gpt-4(-|$)|gpt-3(\.5|5)(-|$)|(davinci|babbage)-002$"), "cl100k_base"),
)


def find_encoding(model: str) -> str:
    """The name of the encoding that a model of OpenAI's uses, whoever offers it; empty for what is none."""
    name = re.sub(r"^(openai|azure)/", "", model.lower())
    name = name.removeprefix("ft:").partition(":")[0]
    return next((encoding for fits, encoding in _ENCODINGS if fits.match(name)), "")


def find_folder(environment: Mapping[str, str]) -> str:
    """Where tiktoken keeps what it has fetched; empty where it is told to keep nothing."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if name in environment:
            return environment[name]
    import tempfile

    return os.path.join(tempfile.gettempdir(), "data-gym-cache")


def read_vocabulary(folder: str, encoding: str) -> Tokenizer | None:
    """The vocabulary of an encoding; None where it is not kept. Raises NoTokenizerError where it is another one.

    The folder is mostly one that anybody can write to: what counts is that the content is the one that tiktoken wants.
    """
    from hashlib import sha1

    vocabulary = VOCABULARIES[encoding]
    path = os.path.join(folder, sha1(vocabulary.address.encode(), usedforsecurity=False).hexdigest())
    if not os.path.isabs(folder) or not os.path.lexists(path):
        return None
    try:
        digest = digest_content(path)
    except OSError as fault:
        raise NoTokenizerError(f"the kept vocabulary {encoding} cannot be read: {fault.strerror}") from None
    if digest != vocabulary.sha256:
        raise NoTokenizerError(f"the kept vocabulary {encoding} is not the one that OpenAI publishes")
    return Tokenizer(TIKTOKEN, encoding, path, digest, encoding)
