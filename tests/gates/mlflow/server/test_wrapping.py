from __future__ import annotations

import asyncio
import inspect
from threading import Thread, current_thread
from typing import Any

import pytest

from policy.gates.mlflow.server.wrapping import call, guard_object


class Store:
    def outer(self, run_id, tags=None):
        return self.inner(run_id), tags

    def inner(self, run_id):
        return f"inner {run_id}"

    def beside(self):
        return "beside"

    async def stream(self, name):
        return f"streamed {name}"


def make(seen, *names, refuses=()):
    def rule(name):
        def apply(store, method, arguments):
            seen.append((name, arguments))
            if name in refuses:
                raise PermissionError(name)
            return call(store, method, arguments)

        return apply

    return guard_object(Store(), {name: rule(name) for name in names})


def test_arguments_come_by_name_however_they_were_given():
    seen: list[tuple[str, dict[str, Any]]] = []
    store = make(seen, "outer", "inner")
    assert store.outer("1", tags=[2]) == store.outer(tags=[2], run_id="1") == ("inner 1", [2])
    assert seen == [("outer", {"run_id": "1", "tags": [2]})] * 2
    assert store.outer("1") == ("inner 1", None)
    assert seen[-1] == ("outer", {"run_id": "1", "tags": None})


def test_what_a_method_calls_of_the_same_store_is_part_of_it_and_no_more():
    seen: list[tuple[str, dict[str, Any]]] = []
    store = make(seen, "outer", "inner")
    store.outer("1")
    store.inner("2")
    assert [name for name, _ in seen] == ["outer", "inner"]


def test_after_a_refusal_everything_is_asked_again():
    seen: list[tuple[str, dict[str, Any]]] = []
    store = make(seen, "outer", "inner", refuses=("outer",))
    for _ in range(2):
        with pytest.raises(PermissionError):
            store.outer("1")
        store.inner("1")
    assert [name for name, _ in seen] == ["outer", "inner"] * 2


def test_a_thread_that_is_started_meanwhile_is_asked_for_itself():
    seen = []
    store: Any = None

    def outer(target, method, arguments):
        thread = Thread(target=lambda: store.inner("1"))
        thread.start()
        thread.join()
        return call(target, method, arguments)

    def inner(target, method, arguments):
        seen.append("inner")
        return call(target, method, arguments)

    store = guard_object(Store(), {"outer": outer, "inner": inner})
    store.outer("1")
    assert seen == ["inner"]


def test_it_stays_what_it_was_and_is_guarded_once():
    seen: list[tuple[str, dict[str, Any]]] = []
    store = make(seen, "inner")
    assert isinstance(store, Store)
    assert (type(store).__name__, store.beside()) == ("Store", "beside")
    assert guard_object(store, {}) is store
    store.inner("1")
    assert len(seen) == 1
    assert type(Store()) is not type(store)


def test_a_class_that_was_guarded_is_guarded_still_in_another_object():
    first: list[tuple[str, dict[str, Any]]] = []
    second: list[tuple[str, dict[str, Any]]] = []
    make(first, "inner").inner("1")
    make(second, "inner").inner("2")
    assert (len(first), len(second)) == (1, 1)


def test_what_is_asynchronous_is_asked_before_it_begins_and_beside_the_loop():
    seen: list[tuple[str, dict[str, Any]]] = []
    store = make(seen, "stream", refuses=("stream",))
    assert inspect.iscoroutinefunction(type(store).stream)
    with pytest.raises(PermissionError):
        asyncio.run(store.stream("x"))
    store = make(seen, "stream")
    assert asyncio.run(store.stream("x")) == "streamed x"
    assert seen == [("stream", {"name": "x"})] * 2
    threads = []

    def rule(target, method, arguments):
        threads.append(current_thread())
        return call(target, method, arguments)

    asyncio.run(guard_object(Store(), {"stream": rule}).stream("x"))
    assert threads != [current_thread()]


def test_too_many_arguments_are_refused_as_ever():
    store = make([], "inner")
    with pytest.raises(TypeError):
        store.inner("1", "2")


class Counting(Store):
    def __init__(self):
        self.looks = 0

    def look(self, name):
        self.looks += 1
        if name == "none":
            raise KeyError(name)
        return f"{name} {self.looks}"

    def begin(self, name):
        return self.look(name)


def test_what_a_rule_has_looked_up_the_method_does_not_look_up_again():
    def rule(store, method, arguments):
        return store.look(arguments["name"]), store.look("other"), call(store, method, arguments)

    store = guard_object(Counting(), {"begin": rule}, ("look", "gone"))
    assert store.begin("a") == ("a 1", "other 2", "a 1")
    # Only for the one call, and each store for itself.
    assert store.begin("a") == ("a 3", "other 4", "a 3")
    assert store.look("a") == "a 5"
    assert store.look("a") == "a 6"
    other = guard_object(Counting(), {"begin": rule}, ("look", "gone"))
    assert other.begin("a")[0] == "a 1"


def test_what_was_not_found_is_looked_for_again():
    def rule(store, method, arguments):
        with pytest.raises(KeyError):
            store.look("none")
        return call(store, method, arguments)

    store = guard_object(Counting(), {"begin": rule}, ("look",))
    with pytest.raises(KeyError):
        store.begin("none")
    assert store.looks == 2
