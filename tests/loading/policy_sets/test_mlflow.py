"""The key `mlflow` of policy sets: which experiments are governed, and what cannot be meant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.language.identity import digest_policy_set
from policy.loading.bundles.content import digest_files
from policy.loading.policy_sets.layers import KEYS
from policy.loading.policy_sets.mlflow import BINDING_KEYS, MOST, MOST_PATTERNS
from policy.loading.policy_sets.mlflow import KEYS as SECTION_KEYS
from policy.loading.policy_sets.mlflow_schema import ABOUT, BINDING_ABOUT
from policy.loading.policy_sets.schema import policy_set_json_schema
from policy.model.mlflow_settings import Binding, MlflowSettings
from tests.editor import Editor, see

ROOT = Path(__file__).resolve().parents[3]
POLICY = "policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: hold\n"
WHOLE = """
  app: basic-auth
  server: tracking
  experiments:
    - name: support-*
      project: support-reply-tone
      principals: [ada, "ci-*"]
      models: [support-*]
      mode: observe
      policy_set: teams/./support/policy.yaml
    - name: [billing, "Billing?"]
      id: [7, "8"]
      project: [billing, invoices-*]
      principals: eve
  without_manifest: hold
  attesters: [ci-bot, "dependabot[bot]"]
"""
ONE = "{name: a, project: p}"


@pytest.fixture
def load(write):
    """The policy set of the last of some layers, each of which extends the one before; texts of their `mlflow`."""

    def read(*layers, first=""):
        files = {"shared/data/rows.yaml": POLICY}
        for number, text in enumerate(layers):
            head = f"extends: [../l{number - 1}]\n" if number else f"policies: [../shared]\n{first}"
            key = "" if text is None else f"mlflow: {text}\n"
            files[f"l{number}/policy.yaml"] = f"policy_set: 1\n{head}{key}"
        root = write(files)
        return open_workspace(str(root), str(root / f"l{len(layers) - 1}" / "policy.yaml")).policy_set

    return read


@pytest.fixture
def refuse(load):
    def read(*layers, **options):
        with pytest.raises(PolicyError) as refusal:
            load(*layers, **options)
        assert all(problem.remedy and problem.location for problem in refusal.value.problems)
        return list(refusal.value.problems)

    return read


def entry(text):
    return f"{{experiments: [{{name: a, project: p, {text}}}]}}"


def test_everything_that_can_be_said(load, tmp_path):
    settings = load(WHOLE).mlflow
    assert settings == MlflowSettings(
        (
            Binding(
                ("support-*",),
                (),
                ("support-reply-tone",),
                ("ada", "ci-*"),
                ("support-*",),
                "observe",
                "teams/support/policy.yaml",
            ),
            Binding(("billing", "Billing?"), ("7", "8"), ("billing", "invoices-*"), ("eve",)),
        ),
        "basic-auth",
        "tracking",
        "hold",
        ("ci-bot", "dependabot[bot]"),
    )
    assert settings.folder == str(tmp_path / "l0")
    assert [binding.location.line for binding in settings.bindings] == [7, 13]
    assert {key: place.line for key, place in settings.places.items()} == {
        "app": 4,
        "server": 5,
        "experiments": 7,
        "without_manifest": 17,
        "attesters": 18,
    }


@pytest.mark.parametrize("text", [None, "", "null", "~"])
def test_nothing_said_is_no_server(load, text):
    assert load(text).mlflow is None


def test_what_holds_without_a_word(load):
    assert load(f"{{experiments: [{ONE}]}}").mlflow == MlflowSettings((Binding(("a",), (), ("p",)),))


@pytest.mark.parametrize("written", ["7", "'7'", '"7"', "[7]", "['7']", "[7, '7']"])
def test_an_id_is_the_same_with_and_without_quotes(load, written):
    assert load(f"{{experiments: [{{id: {written}, project: p}}]}}").mlflow.bindings[0].ids == ("7",)


def test_words_of_yaml_are_names(load):
    (binding,) = load("{experiments: [{name: [yes, 1.50, 007], project: no, principals: [off, 7]}]}").mlflow.bindings
    assert (binding.names, binding.projects, binding.principals) == (("yes", "1.50", "007"), ("no",), ("off", "7"))


def test_in_a_project_file_too(write):
    text = '[tool.policy]\npolicy_set = 1\n[tool.policy.mlflow]\n[[tool.policy.mlflow.experiments]]\nid = [7, "8"]\n'
    root = write({"pyproject.toml": f'{text}project = "support-*"\n'})
    assert open_workspace(str(root)).policy_set.mlflow == MlflowSettings((Binding((), ("7", "8"), ("support-*",)),))


def test_it_is_no_part_of_the_digest(load):
    assert digest_policy_set(load(None)) == digest_policy_set(load(WHOLE))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "`mlflow` needs a mapping"),
        ("yes", "`mlflow` needs a mapping"),
        ("http://127.0.0.1:5000", "`mlflow` needs a mapping"),
        ("{}", "`mlflow` does not say which experiments are governed"),
        ("{app: basic-auth}", "does not say which experiments"),
        (f"{{experiment: [{ONE}]}}", "there is no key under `mlflow` `experiment`"),
        ("{experiments: []}", "no experiment is governed"),
        ("{experiments: }", "`experiments` needs a list"),
        (f"{{experiments: {ONE}}}", "`experiments` needs a list"),
        ("{experiments: [support-*]}", "`experiments` needs a mapping"),
        ("{experiments: [{project: p}]}", "it is not said which experiments are meant"),
        ("{experiments: [{name: a}]}", "it is not said which projects train there"),
        (entry("principal: ada"), "there is no key under `experiments` `principal`"),
        # An empty list could mean nobody, or anybody.
        ("{experiments: [{name: [], project: p}]}", "`experiments.name` is empty"),
        ("{experiments: [{name: a, project: []}]}", "`experiments.project` is empty"),
        (entry("principals: []"), "`experiments.principals` is empty"),
        (entry("principals: "), "`experiments.principals` is empty"),
        (entry("principals: [ada, null]"), "`experiments.principals` is empty"),
        (entry("models: []"), "`experiments.models` is empty"),
        (entry("principals: ''"), "the text is empty"),
        (entry("principals: {ada: 1}"), "`experiments.principals` is a mapping"),
        (entry("principals: [[ada]]"), "`experiments.principals` is a list"),
        (entry('principals: "a\\0b"'), "holds a character that cannot be seen"),
        (entry('models: "a\\u200bb"'), "holds a character that cannot be seen"),
        (entry('models: "a\\nb"'), "holds a character that cannot be seen"),
        (entry("models: ' support'"), "begins or ends with a space"),
        (entry("models: ' '"), "begins or ends with a space"),
        (entry(f"models: {'x' * 501}"), "longer than 500 characters"),
        (entry("models: [" + "x, " * (MOST + 1) + "]"), "more than 1,000 items"),
        ("{experiments: [{id: 1.0, project: p}]}", "`1.0` is not the id of an experiment"),
        ("{experiments: [{id: 007, project: p}]}", "`007` is not the id"),
        ("{experiments: [{id: -7, project: p}]}", "`-7` is not the id"),
        ("{experiments: [{id: 1_0, project: p}]}", "`1_0` is not the id"),
        ("{experiments: [{id: 0x7, project: p}]}", "`0x7` is not the id"),
        ("{experiments: [{id: '*', project: p}]}", "`*` is not the id"),
        ("{experiments: [{id: '', project: p}]}", "`` is not the id"),
        ('{experiments: [{id: "\u0667", project: p}]}', "is not the id"),
        (f"{{experiments: [{{id: {'7' * 33}, project: p}}]}}", "is not the id"),
        (f"{{experiments: [{{id: {'7' * 9_000}, project: p}}]}}", "is not the id"),
        ("{experiments: [{id: , project: p}]}", "`experiments.id` is empty"),
        (entry("mode: watch"), "`watch` is not one of observe, flag, enforce"),
        (entry("mode: "), "`experiments.mode` is empty"),
        (f"{{app: policy, experiments: [{ONE}]}}", "cannot be within itself"),
        (f"{{app: 'a b', experiments: [{ONE}]}}", "`a b` is not a name"),
        (f"{{app: , experiments: [{ONE}]}}", "`mlflow.app` is empty"),
        (f"{{server: '../x', experiments: [{ONE}]}}", "`../x` is not a name"),
        (f"{{server: [a], experiments: [{ONE}]}}", "`mlflow.server` is a list"),
        (f"{{server: {'x' * 101}, experiments: [{ONE}]}}", "is not a name"),
        (f"{{without_manifest: allow, experiments: [{ONE}]}}", "`allow` is not one of block, hold, flag, advise"),
        (f"{{attesters: [], experiments: [{ONE}]}}", "`mlflow.attesters` is empty"),
        (f"{{attesters: 'ci-*', experiments: [{ONE}]}}", "`ci-*` is a pattern where one name is needed"),
        (f"{{attesters: [ci, '?'], experiments: [{ONE}]}}", "is a pattern"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(refuse, text, message):
    (problem,) = refuse(text)
    assert message in problem.message
    assert problem.location.line == 3
    assert problem.message.isprintable()
    assert len(problem.message) < 700


def test_all_that_is_wrong_is_said_at_once(refuse):
    found = refuse("{app: 'a b', nothing: 1, experiments: [{name: [], project: p}, {id: x}, 5], attesters: '*'}")
    assert len(found) == 7


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("https://acme.example/policy.yaml", "is an address"),
        ("file:///etc/policy.yaml", "is an address"),
        ("C:/policy.yaml", "is an address"),
        ("team#sha256=00", "is an address"),
        ("/etc/policy.yaml", "is not a relative path"),
        ("team\\policy.yaml", "is not a relative path"),
        ("../../policy.yaml", "leads out of the repository"),
        ("x/../../../y", "leads out of the repository"),
        ('"a\\0b"', "cannot be seen"),
        (f"{'x/' * 400}y", "longer than 500"),
        ("[a, b]", "`experiments.policy_set` is a list"),
        ("''", "the text is empty"),
    ],
)
def test_a_layer_is_a_path_inside_the_repository(refuse, path, message):
    (problem,) = refuse(entry(f"policy_set: {path}"))
    assert message in problem.message


@pytest.mark.parametrize(("path", "kept"), [("a/b.yaml", "a/b.yaml"), ("../shared", "../shared"), ("./a//b", "a/b")])
def test_a_layer_need_not_be_below_the_file(load, path, kept):
    assert load(entry(f"policy_set: {path}")).mlflow.bindings[0].policy_set == kept


@pytest.mark.parametrize(
    ("path", "problems"), [("team/policy.yaml", 0), ("../team", 1), (".team", 1), ("team/.x/y", 1), ("/team", 1)]
)
def test_a_bundle_names_only_what_it_pins(write, path, problems):
    text = f"policy_set: 1\nmlflow: {entry(f'policy_set: {path}')}\n"
    digest = digest_files({"policy.yaml": text.encode()}).replace(":", "=")
    root = write({"policy.yaml": f"policy_set: 1\nextends: ['shared/org#{digest}']\n", "shared/org/policy.yaml": text})
    if not problems:
        settings = open_workspace(str(root)).policy_set.mlflow
        assert settings is not None
        assert (settings.bindings[0].policy_set, settings.folder) == (path, str(root / "shared" / "org"))
        return
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    (problem,) = refusal.value.problems
    assert problem.location
    assert problem.location.file.startswith("org@sha256:")
    assert "bundle" in problem.message or "relative path" in problem.message


def test_one_layer_has_it_whichever_it_is(load, refuse):
    for layers in ((WHOLE, None), (None, WHOLE), (None, WHOLE, None), ("", WHOLE)):
        assert load(*layers).mlflow.server == "tracking"
    (problem,) = refuse(WHOLE, None, f"{{experiments: [{ONE}]}}")
    assert "more than one layer" in problem.message
    assert (problem.location.file, problem.location.line) == ("l2/policy.yaml", 3)
    assert [(place.file, place.line) for _, place in problem.related] == [("l0/policy.yaml", 3)]


def test_what_is_final_is_not_loosened_by_a_mode(load, refuse):
    for mode in ("observe", "flag"):
        (problem,) = refuse(None, entry(f"mode: {mode}"), first="final: [rows]\n")
        assert f"`mode: {mode}` would loosen" in problem.message
        assert problem.related[0][1].file == "l0/policy.yaml"
    assert load(None, entry("mode: enforce"), first="final: [rows]\n").mlflow
    # Who makes it final may try it out first.
    assert load(entry("mode: observe"), None, first="final: [rows]\n").mlflow


def shadow(*entries):
    return "{experiments: [" + ", ".join(f"{{project: p, {text}}}" for text in entries) + "]}"


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (("name: a", "name: a"), "`a`"),
        (("name: a", "name: [b, a]"), "`a`"),
        (("name: support-*", "name: support-*"), "`support-*`"),
        (("name: support-*", "name: support-canary"), "`support-canary`"),
        (("name: '*'", "name: support-*"), "`support-*`"),
        (("name: 's*-*'", "name: 'support-?'"), "`support-?`"),
        (("name: 'run[12]'", "name: 'run[12]'"), "`run[12]`"),
        (("id: 7", "name: a", "id: ['7', 8]"), "the experiment 7"),
        (("name: a, models: bot-*", "name: b, models: bot-1"), "`bot-1`"),
    ],
)
def test_what_never_counts_is_said(refuse, entries, text):
    (problem,) = refuse(shadow(*entries))
    assert problem.message.startswith(f"{text} never counts here")
    assert problem.related


@pytest.mark.parametrize(
    "entries",
    [
        ("name: support-canary", "name: support-*", "name: '*'"),
        ("name: a", "id: 7"),
        ("name: '7'", "id: 7"),
        ("name: Support-*", "name: support-a"),
        # What two patterns share does not make one of them useless.
        ("name: 'a?'", "name: 'a*'"),
        ("name: 'run[12]'", "name: run1"),
        ("name: '*a*'", "name: '[abc]'"),
        ("name: a, models: bot", "name: b, models: bot-*"),
        ("name: [a, a, 'a*']", "name: b"),
        ("name: ['a*', ab]", "name: b"),
    ],
)
def test_what_counts_now_and_then_is_no_mistake(load, entries):
    assert len(load(shadow(*entries)).mlflow.bindings) == len(entries)


def test_a_hundred_thousand_patterns_cost_little(refuse):
    many = ", ".join(f"'*x{number}*'" for number in range(900))
    (problem,) = refuse(shadow(*(f"name: [{many}]" for _ in range(3))))
    assert f"more than {MOST_PATTERNS:,} patterns under `name`" in problem.message
    (problem,) = refuse("{experiments: [" + f"{ONE}, " * (MOST + 1) + "]}")
    assert "more than 1,000 entries" in problem.message


def test_what_the_documentation_shows_can_be_read(write):
    page = (ROOT / "docs" / "how-to" / "guard-an-mlflow-server.md").read_text()
    text = page.partition("## Say what is governed")[2].partition("```yaml\n")[2].partition("```")[0]
    settings = open_workspace(str(write({"policy.yaml": text}))).policy_set.mlflow
    assert settings is not None
    assert [binding.mode for binding in settings.bindings] == ["observe", "", ""]
    assert (settings.app, settings.attesters) == ("basic-auth", ("ci-bot",))


def test_without_the_section_nothing_is_imported_for_it(write):
    root = write(
        {"policy.yaml": "policy_set: 1\n", "with/policy.yaml": f"policy_set: 1\nmlflow: {entry('mode: flag')}\n"}
    )
    program = (
        "import sys\nfrom policy.app.workspace import open_workspace\n"
        "open_workspace(sys.argv[1], sys.argv[2])\n"
        "print(any('mlflow' in name and 'results' not in name for name in sys.modules))"
    )
    for name, imported in (("policy.yaml", "False\n"), ("with/policy.yaml", "True\n")):
        call = [sys.executable, "-c", program, str(root), str(root / name)]
        assert subprocess.run(call, capture_output=True, text=True, check=True).stdout == imported


def test_the_json_schema_knows_the_key():
    assert "mlflow" in KEYS
    assert ABOUT.keys() == set(SECTION_KEYS)
    assert BINDING_ABOUT.keys() == set(BINDING_KEYS)
    editor = Editor(json.loads(json.dumps(policy_set_json_schema())))
    for right in (WHOLE, "", f"{{experiments: [{ONE}]}}", "{experiments: [{id: [7, '8'], project: 5}]}"):
        assert editor.accepts(see(f"policy_set: 1\nmlflow: {right}\n")), right


@pytest.mark.parametrize(
    "wrong",
    [
        "[a]",
        "{}",
        "{experiments: []}",
        "{experiments: [{project: p}]}",
        "{experiments: [{name: a}]}",
        "{experiments: [{id: 07x, project: p}]}",
        "{experiments: [{id: 1.5, project: p}]}",
        entry("principals: []"),
        entry("mode: watch"),
        entry("modes: observe"),
        f"{{app: policy, experiments: [{ONE}]}}",
        f"{{server: a b, experiments: [{ONE}]}}",
        f"{{without_manifest: allow, experiments: [{ONE}]}}",
        f"{{attesters: 'ci-*', experiments: [{ONE}]}}",
    ],
)
def test_an_editor_underlines_what_would_be_refused(wrong):
    assert not Editor(policy_set_json_schema()).accepts(see(f"policy_set: 1\nmlflow: {wrong}\n"))
