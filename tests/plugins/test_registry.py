from __future__ import annotations

import sys

import pytest

from policy.app.workspace import BUILTINS, open_workspace
from policy.errors import Location, PolicyError
from policy.evidence.source.known_calls import CALLS
from policy.plugins import hookspecs
from policy.plugins.contracts import PolicySource
from policy.plugins.registry import PARTS, Registry

WHERE = Location("policy.yaml", 3, 11)
EVERYTHING = """
    from policy.model.schema import Field
    from policy.model.kinds import BOOLEAN
    from policy.plugins.contracts import ConfigFacts, Evidence, PolicySource, Predicate, TrainingCall

    class Nothing:
        name = "acme"
        observes = marks = ()

        def collect(self, project): return Evidence()
        def recognise(self, root): return False
        def read(self, document, context): return ConfigFacts()

    def agree(values): return True

    @hookimpl
    def policy_sources(): return [PolicySource("acme", "/nowhere")]
    @hookimpl
    def collectors(): return [Nothing()]
    @hookimpl
    def training_config_readers(): return (Nothing(),)
    @hookimpl
    def training_calls(): return [TrainingCall("acme_train.finetune", "custom", "sft")]
    @hookimpl
    def predicates(): return [Predicate(Field("x.agreed", BOOLEAN, "agreed"), agree)]
    @hookimpl
    def reporters(): return {"acme": Nothing, "text": Nothing}
"""


def load(*names: str) -> Registry:
    registry = Registry(BUILTINS)
    registry.load([(name, WHERE) for name in names])
    return registry


def refuse(*names: str) -> list[str]:
    with pytest.raises(PolicyError) as refusal:
        load(*names)
    assert all(problem.remedy and problem.location == WHERE for problem in refusal.value.problems)
    return [problem.message for problem in refusal.value.problems]


def test_a_plugin_that_is_loaded_contributes_after_the_built_ins(plugin):
    registry = load(plugin("acme", EVERYTHING))
    assert [source.name for source in registry.policy_sources()] == ["catalogue", "acme"]
    assert [collector.name for collector in registry.collectors()] == [
        "data files",
        "licences",
        "data scan",
        "job file",
        "evaluation results",
        "git history",
        "acme",
    ]
    tools = ["axolotl", "llama-factory", "torchtune", "alignment-handbook", "trl", "hyperpod", "pipeline"]
    assert [reader.name for reader in registry.training_config_readers()] == [*tools, "acme"]
    assert [call.name for call in registry.training_calls()] == [*(call.name for call in CALLS), "acme_train.finetune"]
    assert [predicate.field.path for predicate in registry.predicates()] == ["x.agreed"]
    assert {"acme", "text", "json"} <= set(registry.reporters())


def test_a_built_in_format_stays_what_it_is(plugin):
    plugin("acme", EVERYTHING)
    assert load("acme").reporters()["text"] is load().reporters()["text"]


def test_a_plugin_that_is_installed_and_not_named_is_not_even_imported(plugin, tmp_path):
    plugin("acme", "raise SystemExit('imported')\n")
    assert [source.name for source in open_workspace(str(tmp_path)).registry.policy_sources()] == ["catalogue"]
    assert "acme" not in sys.modules


def test_a_plugin_is_loaded_where_the_policy_set_names_it(plugin, tmp_path):
    plugin("acme", EVERYTHING)
    (tmp_path / "policy.yaml").write_text("policy_set: 1\npolicies: ['catalogue:alternatives']\nplugins: [acme]\n")
    workspace = open_workspace(str(tmp_path))
    assert [source.name for source in workspace.registry.policy_sources()] == ["catalogue", "acme"]
    assert workspace.policy_set.plugins == ("acme",)
    field = workspace.policy_set.schema.get("x.agreed")
    assert field is not None
    assert not field.writable


def test_nothing_is_there_but_what_was_registered():
    registry = Registry([])
    assert (registry.policy_sources(), registry.collectors(), registry.training_config_readers()) == ([], [], [])
    assert (registry.training_calls(), registry.predicates(), registry.reporters()) == ([], [], {})


def test_built_ins_implement_the_same_hooks_as_anyone():
    hooks = {name for module in BUILTINS for name in vars(module) if name in {*PARTS, "reporters"}}
    assert hooks == {"policy_sources", "collectors", "training_config_readers", "training_calls", "reporters"}
    assert all(hasattr(hookspecs, name) for name in (*PARTS, "reporters"))


def test_contributions_are_made_once(plugin):
    plugin("acme", "made = []\n@hookimpl\ndef collectors():\n    made.append(1)\n    return []\n")
    registry = load("acme")
    first = registry.collectors()
    assert all(one is other for one, other in zip(first, registry.collectors(), strict=True))
    assert sys.modules["acme"].made == [1]


def test_a_plugin_that_is_named_twice_is_one(plugin):
    plugin("acme", EVERYTHING)
    built_in = len(load().collectors())
    assert len(load("acme", "acme").collectors()) == built_in + 1
    assert len(load("policy.evidence.builtin").collectors()) == built_in


def test_a_hook_may_return_nothing(plugin):
    assert len(load(plugin("acme", "@hookimpl\ndef collectors(): pass\n")).collectors()) == len(load().collectors())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_module", "plugin `acme` needs no_such_module"),
        ("import acme.part", "plugin `acme` needs acme.part"),
        ("raise ValueError('two\\nlines')", "plugin `acme` cannot be loaded: ValueError: two lines"),
        ("raise SystemExit(0)", "plugin `acme` cannot be loaded: SystemExit: 0"),
        ("def broken(:", "plugin `acme` cannot be loaded: SyntaxError: invalid syntax (acme.py, line 2)"),
        ("", "plugin `acme` implements no hook"),
        ("def collectors(): return []", "plugin `acme` implements no hook"),
        ("@hookimpl\ndef colectors(): return []", "plugin `acme` implements `colectors`, which is no hook"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_said(plugin, text, message):
    assert refuse(plugin("acme", text)) == [message]


def test_a_hook_with_arguments_is_refused(plugin):
    (message,) = refuse(plugin("acme", "@hookimpl\ndef collectors(config): return []\n"))
    assert message.startswith("plugin `acme` cannot be loaded: PluginValidationError: ")
    assert "'config'" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["no_such_plugin_anywhere", "no_such.plugin.anywhere"])
def test_a_plugin_that_is_not_installed_is_said(name):
    assert refuse(name) == [f"plugin `{name}` is not installed"]


@pytest.mark.parametrize("name", ["", ".acme", "ac me", "os"])
def test_a_name_that_is_no_plugin_is_said(name):
    (message,) = refuse(name)
    assert message.startswith(f"plugin `{name}` ")


def test_all_plugins_that_cannot_be_used_are_said_at_once(plugin):
    plugin("one", "@hookimpl\ndef colectors(): return []")
    plugin("two", EVERYTHING)
    assert refuse("one", "two", "no_such_plugin_anywhere") == [
        "plugin `one` implements `colectors`, which is no hook",
        "plugin `no_such_plugin_anywhere` is not installed",
    ]


@pytest.mark.parametrize(
    ("hook", "body", "message"),
    [
        ("collectors", "raise ValueError('a secret')", "`collectors` failed: ValueError in acme.py, line 3"),
        ("collectors", "raise SystemExit(0)", "`collectors` failed: SystemExit in acme.py, line 3"),
        ("collectors", "yield 1", "`collectors` gives a generator, no list"),
        ("collectors", "return {'a': 1}", "`collectors` gives a dict, no list"),
        ("collectors", "return [print]", "`collectors` gives a builtin_function_or_method without `name`"),
        ("policy_sources", "return ['catalogue']", "`policy_sources` gives a str without `name`"),
        ("training_config_readers", "return [None]", "`training_config_readers` gives a NoneType without `name`"),
        ("predicates", "return [max]", "`predicates` gives a builtin_function_or_method without `field`"),
        ("reporters", "return ['text']", "`reporters` gives no mapping of functions"),
        ("reporters", "return {'text': 'page'}", "`reporters` gives no mapping of functions"),
    ],
)
def test_a_hook_that_breaks_is_said_with_its_plugin(plugin, hook, body, message):
    registry = load(plugin("acme", f"@hookimpl\ndef {hook}(): {body}\n"))
    with pytest.raises(PolicyError) as refusal:
        getattr(registry, hook)()
    (problem,) = refusal.value.problems
    assert problem.message == f"plugin `acme`: {message}"
    assert problem.remedy == "mend the plugin, or leave it out"


def test_two_plugins_cannot_have_policies_of_one_name(plugin):
    text = "from policy.plugins.contracts import PolicySource\n@hookimpl\ndef policy_sources():\n"
    registry = load(plugin("acme", f"{text}    return [PolicySource('catalogue', '/tmp')]\n"))
    with pytest.raises(PolicyError, match="two plugins contribute policies under the name `catalogue`"):
        registry.policy_sources()


def test_the_catalogue_is_a_source_like_any_other():
    (source,) = load().policy_sources()
    assert isinstance(source, PolicySource)
    assert source.name == "catalogue"


PREDICATE = """
    from functools import partial
    from policy.model.schema import Field
    from policy.model.kinds import BOOLEAN, RecordsKind
    from policy.plugins.contracts import Predicate

    def agree(values): return True
    def make():
        def inner(values): return True
        return inner

    @hookimpl
    def predicates(): return [{}]
"""


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        ("Predicate(Field('x.a', BOOLEAN, ''), lambda values: True)", "cannot be imported by name"),
        ("Predicate(Field('x.a', BOOLEAN, ''), make())", "cannot be imported by name"),
        ("Predicate(Field('x.a', BOOLEAN, ''), partial(agree))", "cannot be imported by name"),
        ("Predicate(Field('x.a', BOOLEAN, ''), 'agree')", "cannot be imported by name"),
        ("Predicate(Field('x.a', BOOLEAN, ''), agree, 0)", "has no time to answer"),
        ("Predicate(Field('x.a', BOOLEAN, ''), agree, float('nan'))", "has no time to answer"),
        ("Predicate(Field('x.a', BOOLEAN, ''), agree, None)", "has no time to answer"),
        (
            "Predicate(Field('manifest.present', BOOLEAN, ''), agree)",
            "a predicate's field is called `manifest.present`",
        ),
        ("Predicate(Field('x.A', BOOLEAN, ''), agree)", "a predicate's field is called `x.A`"),
        ("Predicate(Field('x.a', RecordsKind('records'), ''), agree)", "the predicate `x.a` answers records"),
        ("Predicate(Field('x.b', BOOLEAN, ''), agree)", "`x.b` is there twice: a predicate answers it"),
        ("Predicate(Field('x.b.c', BOOLEAN, ''), agree)", "`x.b` is a value and cannot hold `x.b.c`"),
    ],
)
def test_a_predicate_that_cannot_work_is_refused(plugin, tmp_path, predicate, message):
    plugin("acme", PREDICATE.format(predicate))
    text = "policy_set: 1\npolicies: ['catalogue:alternatives']\nplugins: [acme]\nfields: {x.b: {type: integer}}\n"
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(PolicyError, match=message) as refusal:
        open_workspace(str(tmp_path))
    assert all(problem.remedy for problem in refusal.value.problems)


@pytest.mark.parametrize("name", ["acme_train.finetune", "*.finetune", "acme.*Job().run", "a.B().finetune", "run.all4"])
def test_a_training_call_goes_by_a_name_that_can_be_searched_for(plugin, name):
    calls = f"@hookimpl\ndef training_calls(): return [TrainingCall({name!r}, beside='a.b')]\n"
    loaded = load(plugin("acme", f"from policy.plugins.contracts import TrainingCall\n{calls}"))
    assert loaded.training_calls()[-1].name == name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("'*'", "the training call `*` has no name that source could be searched for"),
        ("'*.*'", "the training call `*.*` has no name that source could be searched for"),
        ("'a.run'", "the training call `a.run` has no name that source could be searched for"),
        ("'finetune'", "the training call `finetune` has no name that source could be searched for"),
        ("'$ acme'", "the training call `$ acme` has no name that source could be searched for"),
        ("'$ a do'", "the training call `$ a do` has no name that source could be searched for"),
        ("'acme.finetune('", "the training call `acme.finetune(` has no name that source could be searched for"),
        ("'acme..finetune'", "the training call `acme..finetune` has no name that source could be searched for"),
        ("''", "the training call `` has no name that source could be searched for"),
        ("7", "the training call `7` has no name that source could be searched for"),
        ("'acme.finetune', beside='?'", "the training call `acme.finetune` has no name that source could be"),
        ("'acme.finetune', tool=None", "the training call `acme.finetune` has no name that source could be"),
        ("'acme.finetune', 'acme'", "the training call `acme.finetune` tells `training.tool` as `acme`"),
        ("'acme.finetune', method='x'", "the training call `acme.finetune` tells `training.method` as `x`"),
    ],
)
def test_a_training_call_that_would_be_found_anywhere_or_tells_no_fact_is_refused(plugin, call, message):
    text = f"@hookimpl\ndef training_calls(): return [TrainingCall({call})]\n"
    registry = load(plugin("acme", f"from policy.plugins.contracts import TrainingCall\n{text}"))
    with pytest.raises(PolicyError) as refusal:
        registry.training_calls()
    (problem,) = refusal.value.problems
    assert problem.message.startswith(message)
    assert problem.remedy
