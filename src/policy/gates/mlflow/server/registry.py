"""The rules of the model registry: a version is released only from a run that was admitted, and is so still."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from policy.gates.mlflow.server.arguments import check_arguments
from policy.gates.mlflow.server.origins import Release, describe_version
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.released import note_release, note_version
from policy.gates.mlflow.server.releasing import check_release
from policy.gates.mlflow.server.wrapping import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.gates.mlflow.server.guard import Guard
    from policy.gates.mlflow.server.wrapping import Rule

    Method = Callable[..., Any]
    Arguments = dict[str, Any]

PROMPT: Final = "mlflow.prompt.is_prompt"
# What MLflow itself writes as the source of a prompt.
PROMPT_SOURCES: Final = ("prompt-template", "dummy-source")


def make_rules(guard: Guard) -> dict[str, Rule]:
    """A rule for each guarded method."""
    tagged = (
        *("create_prompt", "create_prompt_version", "delete_model_version_tag", "delete_prompt_tag"),
        *("delete_prompt_version_tag", "delete_registered_model_tag", "set_prompt_tag", "set_prompt_version_tag"),
        *("set_registered_model_tag", "create_registered_model", "set_model_version_tag"),
    )
    release = partial(release_version, guard)
    return {
        **dict.fromkeys(tagged, pass_with_tags),
        "create_model_version": partial(create_model_version, guard),
        "copy_model_version": partial(copy_model_version, guard),
        "rename_registered_model": partial(rename_registered_model, guard),
        **dict.fromkeys(("set_registered_model_alias", "set_prompt_alias", "transition_model_version_stage"), release),
    }


def pass_with_tags(store: Any, method: Method, arguments: Arguments) -> Any:
    """What may be done, but for the tags that are the server's; that a version is a prompt is said once."""
    check_arguments(arguments)
    if names_prompt(arguments):
        raise refuse(f"whether something is a prompt is said when it is made, and `{PROMPT}` stays")
    return call(store, method, arguments)


def names_prompt(arguments: Arguments) -> bool:
    """Whether the tag that makes a prompt would be set or taken away on its own."""
    tag = arguments.get("tag")
    return arguments.get("key") == PROMPT or (tag is not None and tag.key == PROMPT)


def is_prompt(tags: Any) -> bool:
    """Whether these tags say that it is a prompt."""
    pairs = tags.items() if isinstance(tags, dict) else ((tag.key, tag.value) for tag in tags or ())
    return str(dict(pairs).get(PROMPT, "")).casefold() == "true"


def create_model_version(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """Judge where the model comes from; a prompt has no model, and passes."""
    check_arguments(arguments)
    if is_prompt(arguments["tags"]) and arguments["source"] in PROMPT_SOURCES:
        if arguments.get("run_id") or arguments.get("model_id"):
            raise refuse("a prompt comes from no run and holds no model: leave `run_id` and `model_id` out")
        return call(store, method, arguments)
    model_id = arguments.get("model_id")
    release = Release(arguments["name"], arguments.get("run_id") or "", model_id or "", arguments["source"] or "")
    check_release(guard, release)
    return make_version(guard, store, method, arguments)


def copy_model_version(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """A copy is released as what it is copied from."""
    check_release(guard, describe_version(arguments["src_mv"], store, arguments["dst_name"]))
    return make_version(guard, store, method, arguments)


def make_version(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """A version that is there only where it is noted at its runs."""
    version = call(store, method, arguments)
    note_version(guard, store, version)
    return version


def rename_registered_model(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """A name that is bound stays with the models that were released under it."""
    find = guard.find_model_binding
    if find(arguments["name"]) != find(arguments["new_name"]):
        text = f"the registered model `{arguments['name']}` or `{arguments['new_name']}` is bound to a project"
        raise refuse(f"{text}: register the model anew, under the other name")
    return call(store, method, arguments)


def release_version(guard: Guard, store: Any, method: Method, arguments: Arguments) -> Any:
    """An alias or a stage is a release of the version that it is given to; to put one aside is none."""
    if str(arguments.get("stage", "")).casefold() not in ("none", "archived"):
        version = store.get_model_version(arguments["name"], arguments["version"])
        if not (is_prompt(version.tags) and version.source in PROMPT_SOURCES):
            release = describe_version(version, store)
            note_release(guard, release, check_release(guard, release), again=False)
    return call(store, method, arguments)
