"""Rows that keep every rule, and ways to break exactly one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
WORDS = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
IMAGES = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://example.com/a.png", "data:image/png;base64,AA=="])},
    optional={"detail": st.sampled_from(["auto", "low", "high"])},
)
TEXT_PARTS = st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=5)})
IMAGE_PARTS = st.fixed_dictionaries({"type": st.just("image_url"), "image_url": IMAGES})
NAMES = {"name": WORDS}
USERS = st.fixed_dictionaries(
    {"role": st.just("user"), "content": TEXTS | st.lists(TEXT_PARTS | IMAGE_PARTS, min_size=1, max_size=2)},
    optional=NAMES,
)
LEADS = st.fixed_dictionaries({"role": st.sampled_from(["system", "developer"]), "content": TEXTS}, optional=NAMES)
ANSWERS = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": TEXTS | st.lists(TEXT_PARTS, min_size=1, max_size=2)}, optional=NAMES
)
WEIGHED = st.tuples(ANSWERS, st.sampled_from([{}, {"weight": 1}])).map(lambda pair: pair[0] | pair[1])
CALLS = st.fixed_dictionaries(
    {
        "id": st.just("call-1"),
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": WORDS, "arguments": st.text(max_size=5)}),
    }
)
CALLING = st.fixed_dictionaries(
    {"role": st.just("assistant"), "tool_calls": st.lists(CALLS, min_size=1, max_size=1)},
    optional={"content": st.none() | TEXTS, "weight": st.sampled_from([0, 1])},
)
RESULTS = st.fixed_dictionaries(
    {"role": st.just("tool"), "content": st.text(max_size=5), "tool_call_id": st.just("call-1")}
)
FUNCTIONS = st.fixed_dictionaries(
    {"name": WORDS}, optional={"description": TEXTS, "parameters": st.just({"type": "object", "properties": {}})}
)
TOOLS = st.lists(st.fixed_dictionaries({"type": st.just("function"), "function": FUNCTIONS}), min_size=1, max_size=2)


def _join(*parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for part in parts for message in part]


CONVERSATIONS = st.builds(
    _join,
    st.lists(LEADS, max_size=1),
    st.lists(USERS, min_size=1, max_size=2),
    st.just([]) | st.tuples(CALLING, RESULTS).map(list),
    st.lists(WEIGHED, min_size=1, max_size=2),
)
CHATS = st.fixed_dictionaries({"messages": CONVERSATIONS}) | st.fixed_dictionaries(
    {"messages": CONVERSATIONS, "tools": TOOLS}, optional={"parallel_tool_calls": st.booleans()}
)
PREFERENCES = st.fixed_dictionaries(
    {
        "input": st.fixed_dictionaries({"messages": CONVERSATIONS}, optional={"tools": TOOLS}),
        "preferred_output": st.lists(ANSWERS, min_size=1, max_size=1),
        "non_preferred_output": st.lists(ANSWERS, min_size=1, max_size=1),
    }
).filter(lambda row: row["preferred_output"] != row["non_preferred_output"])

SOUND_CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "u"}, {"type": "image_url", "image_url": {"url": "https://e"}}],
        },
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c", "content": ""},
        {"role": "assistant", "content": "a", "weight": 1, "name": "helper"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}],
    "parallel_tool_calls": False,
}
SOUND_PREFERENCE: dict[str, Any] = {
    "input": {"messages": [{"role": "user", "content": "u"}], "tools": SOUND_CHAT["tools"]},
    "preferred_output": [{"role": "assistant", "content": "better"}],
    "non_preferred_output": [{"role": "assistant", "content": "worse"}],
}

Break = Callable[[dict[str, Any]], object]
