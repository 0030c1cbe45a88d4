from __future__ import annotations

import hashlib
import socket
import threading
from importlib import util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.evidence.tokens import counting, worker
from policy.evidence.tokens.counting import count_tokens
from policy.evidence.tokens.tokenizer import TIKTOKEN, NoTokenizerError, Tokenizer
from policy.model.evidence_settings import EvidenceSettings
from policy.plugins.metering import Meter, SpentError
from tests.evidence.tokens.conftest import CONTENT, LIBRARY, TEXTS, count, split_by, spoil


def refuse(tokenizer, *texts):
    with pytest.raises(NoTokenizerError) as caught:
        count_tokens(tokenizer, texts or TEXTS)
    return caught.value


@pytest.mark.parametrize(
    "texts", [[], [""], TEXTS, ["a" * 700_000, "b"], ["<s>", "x<s>y"], ["\0", "\ufeff", "\U0001f600"]]
)
def test_the_count_is_that_of_the_library(write_tokenizer, texts):
    assert count_tokens(write_tokenizer(), texts) == count(*texts)


# In this process: starting one for each example would take minutes.
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_is_counted_as_the_library_does(texts):
    assert worker.load_tokenizer(CONTENT.encode())(texts) == count(*texts)


@given(st.lists(st.text(st.characters(categories=("Cs", "L"))), max_size=4))
@settings(max_examples=30)
def test_halves_of_surrogate_pairs_break_nothing(texts):
    assert worker.load_tokenizer(CONTENT.encode())(texts) >= 0


def test_nothing_is_cut_filled_up_or_put_round_the_text(write_tokenizer):
    truncation = {"max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    padding = {
        "strategy": {"Fixed": 64},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": "<s>",
    }
    limited = write_tokenizer(spoil(truncation=truncation, padding=padding))
    assert count_tokens(limited, TEXTS) == count(*TEXTS)
    assert len(LIBRARY.encode(TEXTS[0]).ids) == count(TEXTS[0]) + 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "EOF while parsing a value"),
        ("not JSON", "expected"),
        ("{}", "Model missing"),
        ("[]", "invalid"),
        ("[" * 500_000, "invalid type"),
        ('{"normalizer": ' + '{"type": "Sequence", "normalizers": [' * 5_000 + "]}" * 5_000 + "}", "recursion limit"),
        (b"\xff\xfe\x00", "UnicodeDecodeError"),
        (spoil(model={"type": "Unheard"}), ""),
        (split_by("("), "Oniguruma error"),
    ],
    ids=["empty", "text", "object", "list", "deep", "nested normalizers", "bytes", "model", "pattern"],
)
def test_what_is_no_tokenizer_is_said(write_tokenizer, content, reason):
    said = refuse(write_tokenizer(content)).reason
    assert said.startswith("kept cannot be used: ")
    assert reason in said
    assert len(said) < 200
    assert "\n" not in said


def test_a_pattern_that_backtracks_without_end(write_tokenizer):
    said = refuse(write_tokenizer(split_by("(a|aa)+$")), "a" * 50_000 + "b").reason
    assert said == "kept cannot be used: it breaks on the text (PanicException)"


def test_a_pattern_that_takes_too_long(write_tokenizer, monkeypatch):
    monkeypatch.setattr(counting, "SECONDS", 3)
    said = refuse(write_tokenizer(split_by("a+[bc]")), "a" * 2_000_000).reason
    assert said == "kept cannot be used: it takes longer than 3 s"


def test_the_time_of_the_collector_is_kept(write_tokenizer):
    tokenizer = write_tokenizer(split_by("a+[bc]"))
    with Meter(EvidenceSettings(time_limit=2000)), pytest.raises(SpentError):
        count_tokens(tokenizer, ["a" * 2_000_000])


def test_a_normalizer_that_takes_all_memory(write_tokenizer):
    swell = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000}
    tokenizer = write_tokenizer(spoil(normalizer={"type": "Sequence", "normalizers": [swell] * 6}))
    # The library ends the process by itself, or says it to Python.
    assert refuse(tokenizer, "a" * 1000).reason.startswith(
        ("kept cannot be used: its process ended", "kept cannot be used: it needs more than 2048 MiB")
    )


def test_what_breaks_on_the_text_does_not_quote_it(write_tokenizer):
    words = {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "gone"}
    said = refuse(write_tokenizer(spoil(model=words, pre_tokenizer=None)), "a secret").reason
    assert said == "kept cannot be used: it breaks on the text (Exception)"


def test_a_file_of_the_project_is_warned_about(write_tokenizer):
    fault = refuse(write_tokenizer("{}", file="models/tokenizer.json"))
    assert fault.problem is not None
    assert fault.problem.level == "warning"
    assert fault.problem.location is not None
    assert fault.problem.location.file == "models/tokenizer.json"
    assert fault.problem.message.startswith("`models/tokenizer.json` cannot be used: Model missing")
    assert refuse(write_tokenizer("{}")).problem is None


@pytest.mark.parametrize(
    "said", [b"", b"x", b"[]", b"5", b'{"tokens": -1}', b'{"tokens": true}', b'{"tokens": "5"}', b"[" * 90_000]
)
def test_an_answer_that_nobody_can_have_given_is_none(write_tokenizer, monkeypatch, said):
    monkeypatch.setattr("policy.plugins.worker.Worker.ask", lambda *_: said)
    assert refuse(write_tokenizer()).reason == "kept cannot be used: its process gave no sound answer"


def test_a_tokenizer_that_drops_the_text_is_none(write_tokenizer):
    strip = {"type": "Replace", "pattern": {"Regex": "."}, "content": ""}
    tokenizer = write_tokenizer(spoil(normalizer=strip), file="models/tokenizer.json")
    fault = refuse(tokenizer, "a secret")
    assert fault.reason == "kept cannot be used: it makes 0 tokens of 8 characters"
    assert fault.problem is not None


def test_a_file_that_changed_or_is_gone(write_tokenizer, tmp_path):
    tokenizer = write_tokenizer()
    (tmp_path / "kept.json").write_text("{}")
    assert refuse(tokenizer).reason == "kept cannot be used: it was changed while it was read"
    (tmp_path / "kept.json").unlink()
    assert refuse(tokenizer).reason == "kept cannot be used: it cannot be read: No such file or directory"


@pytest.mark.parametrize("library", ["tokenizers", "tiktoken"])
def test_without_the_library_it_is_said_how_to_have_it(write_tokenizer, monkeypatch, library):
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    said = refuse(write_tokenizer()._replace(library=library)).reason
    assert said == f"kept is not used: {library} is not installed: `pip install 'tunegate[data]'`"


# What stands in the place of OpenAI's own vocabularies: the process finds it before tiktoken's.
VOCABULARY = b"YQ== 0\nYg== 1\nYWI= 2\nIA== 3\n"
PUBLIC = """
from tiktoken.load import load_tiktoken_bpe

def make(expected):
    ranks = load_tiktoken_bpe("https://vocabularies.invalid/tiny", expected_hash=expected)
    return {{"name": "tiny", "pat_str": r"\\S+|\\s+", "mergeable_ranks": ranks, "special_tokens": {{"<|end|>": 9}}}}

def fetch():
    import tiktoken.load
    return tiktoken.load.read_file("http://127.0.0.1:{port}/vocabulary")

ENCODING_CONSTRUCTORS = {{"tiny": lambda: make("{digest}"), "other": lambda: make("0" * 64), "fetching": fetch}}
"""


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = []

        def listen():
            try:
                asked.append(server.accept())
            except OSError:
                return

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def vocabulary(tmp_path, monkeypatch, listener):
    """A vocabulary of four tokens, for the encoding of a name."""
    digest = hashlib.sha256(VOCABULARY).hexdigest()
    package = tmp_path / "site" / "tiktoken_ext"
    package.mkdir(parents=True)
    (package / "openai_public.py").write_text(PUBLIC.format(digest=digest, port=listener[0]))
    monkeypatch.syspath_prepend(str(package.parent))
    file = tmp_path / "kept"
    file.write_bytes(VOCABULARY)
    return lambda name="tiny": Tokenizer(TIKTOKEN, name, str(file), digest, name)


def test_a_vocabulary_of_tiktoken_counts(vocabulary):
    assert count_tokens(vocabulary(), ["ab ab", "ba", ""]) == 3 + 2
    # A special token in the text is text, which this vocabulary has no bytes for.
    assert refuse(vocabulary(), "<|end|>").reason.startswith("tiny cannot be used: it breaks on the text")


def test_tiktoken_must_want_this_vocabulary(vocabulary):
    assert refuse(vocabulary("other")).reason == "other cannot be used: ValueError: tiktoken wants another vocabulary"
    assert refuse(vocabulary("unheard")).reason == "unheard cannot be used: KeyError: 'unheard'"


def test_nothing_is_fetched_whoever_asks_for_it(vocabulary, listener):
    assert refuse(vocabulary("fetching")).reason.startswith("fetching cannot be used: ")
    assert listener[1] == []


@pytest.mark.parametrize("event", ["socket.connect", "socket.getaddrinfo", "socket.sendto"])
def test_the_process_has_no_network(event):
    with pytest.raises(PermissionError):
        worker.refuse_network(event, ())
    worker.refuse_network("open", ())
