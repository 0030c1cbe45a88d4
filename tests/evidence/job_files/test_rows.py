"""Rows: sound ones have nothing wrong with them, and one mistake is one violation, at its place."""

from __future__ import annotations

import copy
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.job_files.conversations import check_each, check_message
from policy.evidence.job_files.message_keys import KEYS, ROLES
from policy.evidence.job_files.providers import AZURE, OPENAI, PROVIDERS
from policy.evidence.job_files.rows import check_row, tell_kind
from tests.evidence.job_files.examples import CHATS, PREFERENCES, SOUND_CHAT, SOUND_PREFERENCE

REMOVED = object()
RULE = re.compile(r'Violation\(\s*"([a-z-]+)"')


def mutate(row: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the row in which one thing is replaced, added or removed."""
    changed = copy.deepcopy(row)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is REMOVED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def find(row: Any, kind: str = "chat", provider: Any = OPENAI) -> list[tuple[str, tuple[str | int, ...], str]]:
    return [(found.rule, found.path, found.level) for found in check_row(row, kind, provider)]


@given(row=CHATS, provider=st.sampled_from(list(PROVIDERS.values())))
def test_a_sound_chat_row_breaks_nothing(row, provider):
    assert tell_kind(row) == "chat"
    assert list(check_row(row, "chat", provider)) == []


@given(row=PREFERENCES, provider=st.sampled_from(list(PROVIDERS.values())))
def test_a_sound_preference_row_breaks_nothing(row, provider):
    assert tell_kind(row) == "preference"
    assert list(check_row(row, "preference", provider)) == []


M = "messages"
WEIGHTS: list[Any] = [2, -1, 0.5, 1.0, True, "1", None, []]
NAMES: list[Any] = ["", "two words", "a<b", "n" * 65, 3, None]
# What is put where (REMOVED: taken away), the rule that it breaks, and the path of the violation.
CHAT_MISTAKES: list[tuple[tuple[str | int, ...], Any, str, tuple[str | int, ...]]] = [
    ((M,), REMOVED, "messages", ()),
    ((M,), {}, "messages", (M,)),
    ((M,), [], "messages", (M,)),
    (("extra",), 1, "row-key", ("extra",)),
    ((M, 1), "text", "message", (M, 1)),
    ((M, 1), None, "message", (M, 1)),
    ((M, 1, "role"), REMOVED, "role", (M, 1)),
    ((M, 1, "role"), "usr", "role", (M, 1, "role")),
    ((M, 4, "role"), "asistant", "role", (M, 4, "role")),
    ((M, 1, "role"), ["user"], "role", (M, 1, "role")),
    ((M, 1, "role"), None, "role", (M, 1, "role")),
    ((M, 1, "id"), "x", "message-key", (M, 1, "id")),
    ((M, 1, "content"), REMOVED, "content", (M, 1)),
    ((M, 1, "content"), None, "content", (M, 1, "content")),
    ((M, 1, "content"), "", "content", (M, 1, "content")),
    ((M, 1, "content"), 5, "content", (M, 1, "content")),
    ((M, 1, "content"), {}, "content", (M, 1, "content")),
    ((M, 1, "content"), [], "content", (M, 1, "content")),
    ((M, 4, "content"), None, "content", (M, 4, "content")),
    ((M, 3, "content"), REMOVED, "content", (M, 3)),
    ((M, 1, "content", 0), "text", "content-part", (M, 1, "content", 0)),
    ((M, 1, "content", 0, "type"), "txt", "content-part", (M, 1, "content", 0, "type")),
    ((M, 1, "content", 0, "type"), "input_audio", "content-part", (M, 1, "content", 0, "type")),
    ((M, 1, "content", 0, "type"), [], "content-part", (M, 1, "content", 0, "type")),
    ((M, 1, "content", 0, "type"), REMOVED, "content-part", (M, 1, "content", 0)),
    ((M, 1, "content", 0, "text"), REMOVED, "content-part", (M, 1, "content", 0)),
    ((M, 1, "content", 0, "text"), 7, "content-part", (M, 1, "content", 0, "text")),
    ((M, 1, "content", 1, "image_url"), "https://e", "content-part", (M, 1, "content", 1)),
    ((M, 1, "content", 1, "image_url", "url"), REMOVED, "content-part", (M, 1, "content", 1, "image_url")),
    ((M, 1, "content", 1, "image_url", "url"), "file:///x", "content-part", (M, 1, "content", 1, "image_url", "url")),
    ((M, 1, "content", 1, "image_url", "detail"), "hi", "content-part", (M, 1, "content", 1, "image_url", "detail")),
    (
        (M, 4, "content"),
        [{"type": "image_url", "image_url": {"url": "https://e"}}],
        "content-part",
        (M, 4, "content", 0, "type"),
    ),
    ((M, 0, "content"), [{"type": "refusal", "refusal": "no"}], "content-part", (M, 0, "content", 0, "type")),
    ((M, 1, "weight"), 1, "weight", (M, 1, "weight")),
    ((M, 3, "weight"), 0, "weight", (M, 3, "weight")),
    *(((M, 4, "weight"), value, "weight", (M, 4, "weight")) for value in WEIGHTS),
    *(((M, 4, "name"), value, "name", (M, 4, "name")) for value in NAMES),
    ((M, 1, "refusal"), "no", "misplaced-key", (M, 1, "refusal")),
    ((M, 1, "tool_calls"), [], "misplaced-key", (M, 1, "tool_calls")),
    ((M, 4, "tool_call_id"), "c", "misplaced-key", (M, 4, "tool_call_id")),
    ((M, 4, "tool_calls"), [], "tool-call", (M, 4, "tool_calls")),
    ((M, 4, "tool_calls"), None, "tool-call", (M, 4, "tool_calls")),
    ((M, 4, "tool_calls"), [1], "tool-call", (M, 4, "tool_calls", 0)),
    ((M, 2, "tool_calls", 0, "id"), REMOVED, "tool-call", (M, 2, "tool_calls", 0)),
    ((M, 2, "tool_calls", 0, "id"), 4, "tool-call", (M, 2, "tool_calls", 0, "id")),
    ((M, 2, "tool_calls", 0, "type"), REMOVED, "tool-call", (M, 2, "tool_calls", 0)),
    ((M, 2, "tool_calls", 0, "type"), "tool", "tool-call", (M, 2, "tool_calls", 0, "type")),
    ((M, 2, "tool_calls", 0, "function"), REMOVED, "tool-call", (M, 2, "tool_calls", 0)),
    ((M, 2, "tool_calls", 0, "function", "name"), "", "tool-call", (M, 2, "tool_calls", 0, "function", "name")),
    (
        (M, 2, "tool_calls", 0, "function", "arguments"),
        {},
        "tool-call",
        (M, 2, "tool_calls", 0, "function", "arguments"),
    ),
    ((M, 4, "function_call"), "f", "tool-call", (M, 4)),
    ((M, 4, "function_call"), {"name": "f"}, "tool-call", (M, 4, "function_call")),
    ((M, 3, "tool_call_id"), REMOVED, "tool-answer", (M, 3)),
    ((M, 3, "tool_call_id"), 5, "tool-answer", (M, 3, "tool_call_id")),
    ((M, 3, "tool_call_id"), "other", "tool-answer", (M, 3, "tool_call_id")),
    (("tools",), {}, "tools", ("tools",)),
    (("tools",), [], "tools", ("tools",)),
    (("tools",), SOUND_CHAT["tools"] * 129, "tools", ("tools",)),
    (("tools", 0), "f", "tools", ("tools", 0)),
    (("tools", 0, "type"), REMOVED, "tools", ("tools", 0)),
    (("tools", 0, "type"), "web", "tools", ("tools", 0, "type")),
    (("tools", 0, "function"), REMOVED, "tools", ("tools", 0)),
    (("tools", 0, "function"), [], "tools", ("tools", 0, "function")),
    (("tools", 0, "function", "name"), REMOVED, "tools", ("tools", 0, "function")),
    (("tools", 0, "function", "name"), "no spaces", "tools", ("tools", 0, "function", "name")),
    (("tools", 0, "function", "description"), 3, "tools", ("tools", 0, "function", "description")),
    (("tools", 0, "function", "parameters"), "{}", "tools", ("tools", 0, "function", "parameters")),
    (("functions",), {}, "tools", ("functions",)),
    (("functions",), [{"name": "f"}, 1], "tools", ("functions", 1)),
    (("parallel_tool_calls",), "yes", "parallel", ("parallel_tool_calls",)),
    (("parallel_tool_calls",), None, "parallel", ("parallel_tool_calls",)),
]


def test_the_rows_that_are_broken_here_are_sound():
    assert find(SOUND_CHAT) == []
    assert find(SOUND_PREFERENCE, "preference") == []


@pytest.mark.parametrize(("path", "value", "rule", "place"), CHAT_MISTAKES)
def test_one_mistake_in_a_chat_row_is_one_violation(path, value, rule, place):
    assert find(mutate(SOUND_CHAT, path, value)) == [(rule, place, "error")]


ANSWER = {"role": "assistant", "content": "a"}
PREFERENCE_MISTAKES = [
    (("input",), REMOVED, "input", ()),
    (("input",), [], "input", ("input",)),
    (("input", "messages"), REMOVED, "messages", ("input",)),
    (("input", "messages", 0, "role"), "usr", "role", ("input", "messages", 0, "role")),
    (("input", "extra"), 1, "input", ("input", "extra")),
    (("input", "tools"), [], "tools", ("input", "tools")),
    (("extra",), 1, "row-key", ("extra",)),
    (("preferred_output",), REMOVED, "answer", ()),
    (("preferred_output",), "text", "answer", ("preferred_output",)),
    (("non_preferred_output",), [], "answer", ("non_preferred_output",)),
    (("non_preferred_output", 0), "a", "message", ("non_preferred_output", 0)),
    (("preferred_output", 0, "content"), "", "content", ("preferred_output", 0, "content")),
    (("preferred_output", 0, "role"), "user", "role", ("preferred_output", 0, "role")),
    (("preferred_output",), [ANSWER, ANSWER], "answer", ("preferred_output",)),
]


@pytest.mark.parametrize(("path", "value", "rule", "place"), PREFERENCE_MISTAKES)
def test_one_mistake_in_a_preference_row_is_one_violation(path, value, rule, place):
    assert find(mutate(SOUND_PREFERENCE, path, value), "preference") == [(rule, place, "error")]


def test_azure_takes_longer_answers_with_tools_messages():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "r"},
        ANSWER,
    ]
    row = mutate(SOUND_PREFERENCE, ("preferred_output",), answer)
    assert find(row, "preference", AZURE) == []
    assert {rule for rule, _, _ in find(row, "preference", OPENAI)} == {"answer", "role"}
    row = mutate(SOUND_PREFERENCE, ("preferred_output",), [{"role": "user", "content": "u"}, ANSWER])
    assert find(row, "preference", AZURE) == [("role", ("preferred_output", 0, "role"), "error")]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ([], "row"),
        ("text", "row"),
        (1, "row"),
        (None, "row"),
        (True, "row"),
        ({}, "empty-row"),
        ({"prompt": "p", "completion": "c"}, "messages"),
        ({"anything": 1}, "messages"),
        (SOUND_PREFERENCE, "other-kind"),
        ({"messages": [{"role": "user", "content": "u"}]}, "no-assistant"),
    ],
)
def test_a_row_that_is_no_conversation_is_one_violation(row, rule):
    assert [found for found, _, _ in find(row)] == [rule]


def test_a_chat_row_in_a_preference_file_is_one_violation():
    assert find(SOUND_CHAT, "preference") == [("other-kind", (), "error")]


@pytest.mark.parametrize(
    ("row", "kind", "rule"),
    [
        (
            mutate(SOUND_CHAT, (M, 4, "weight"), 0) | {M: [SOUND_CHAT[M][1], ANSWER | {"weight": 0}]},
            "chat",
            "nothing-learned",
        ),
        (
            mutate(SOUND_PREFERENCE, ("preferred_output",), SOUND_PREFERENCE["non_preferred_output"]),
            "preference",
            "nothing-learned",
        ),
        ({M: SOUND_CHAT[M], "parallel_tool_calls": True}, "chat", "parallel"),
        ({M: [{"role": "function", "name": "f", "content": "r"}, ANSWER]}, "chat", "old-role"),
    ],
)
def test_what_a_provider_takes_and_is_of_no_use_is_a_warning(row, kind, rule):
    assert [(found, level) for found, _, level in find(row, kind)] == [(rule, "warning")]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "refusal": "no"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "assistant", "content": "a", "function_call": None},
        {"role": "developer", "content": "d"},
    ],
)
def test_unusual_messages_are_sound(message):
    assert list(check_message(message, (), ROLES)) == []


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from([[], {}, [1], {"a": 1}])


@given(
    row=st.recursive(
        VALUES | st.sampled_from(ROLES),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*KEYS, M, "tools", "functions", "type", "function", "id", "text", "image_url", "url"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ).map(lambda messages: {M: messages, "tools": messages, "functions": messages}),
    kind=st.sampled_from(["chat", "preference"]),
)
def test_whatever_is_in_a_row_is_judged(row, kind):
    row = row if kind == "chat" else {"input": row, "preferred_output": row[M], "non_preferred_output": row["tools"]}
    for provider in PROVIDERS.values():
        for violation in check_row(row, kind, provider):
            json.dumps(violation)
            holder = row
            for step in violation.path:
                holder = holder[step]


@given(
    message=st.fixed_dictionaries(
        {}, optional={"role": st.sampled_from(["user", "assistant", "tool", "usr"]) | VALUES, "content": VALUES}
    )
    | VALUES
)
def test_the_short_way_for_plain_messages_finds_what_the_long_one_does(message):
    found = [violation for violation in check_each([message], ()) if violation.rule != "tool-answer"]
    assert found == list(check_message(message, (0,), ROLES))


@given(row=CHATS, data=st.data())
def test_a_message_that_loses_its_role_is_one_violation(row, data):
    index = data.draw(st.integers(0, len(row[M]) - 1))
    expected = [("role", (M, index), "error")]
    broken = mutate(row, (M, index, "role"), REMOVED)
    # What calls a tool, or answers it, is that only by its role.
    assert [found for found in find(broken) if found[0] not in ("tool-answer", "nothing-learned")] == expected


def test_every_rule_is_on_the_page_about_them():
    page = (Path(__file__).resolve().parents[3] / "docs/how-to/validate-a-job-file.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE))))
    named = {rule for _, _, rule, _ in (*CHAT_MISTAKES, *PREFERENCE_MISTAKES)}
    source = Path(inspect.getfile(check_row)).parent
    written = {rule for file in source.glob("*.py") for rule in RULE.findall(file.read_text(encoding="utf-8"))}
    assert len(written) > 20
    assert named | written <= documented


SECRET = "Jane Doe 555-0199"


@given(row=CHATS, data=st.data())
def test_no_value_is_in_a_message_or_a_remedy(row, data):
    index = data.draw(st.integers(0, len(row[M]) - 1))
    key = data.draw(st.sampled_from(["role", "content", "name", "weight", "tool_calls", "tool_call_id"]))
    value = data.draw(st.sampled_from([SECRET, [SECRET], {"type": SECRET}, [{"type": SECRET, "id": SECRET}]]))
    for violation in check_row(mutate(row, (M, index, key), value), "chat", OPENAI):
        assert SECRET not in violation.message + violation.remedy
