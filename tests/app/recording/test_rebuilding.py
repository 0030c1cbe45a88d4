"""A policy set is read again from what was recorded of it, with nothing of the project there any more."""

from __future__ import annotations

import json
import os
import shutil
import sys

import pytest

from policy.app.recording.gathering import gather_sources
from policy.app.recording.rebuilding import rebuild_policy_set
from policy.app.trusted.base import open_base
from policy.app.trusted.workspace import open_trusted
from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.language.identity import digest_policy_set
from policy.loading.bundles.archives import write_archive
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.manifest import make_manifest
from policy.model.canonical import canonical_json
from policy.model.recorded.sources import Sources, decode_sources, encode_sources
from tests.loading.conftest import git

RULE = """\
policy: {id}
title: Rows
severity: low
require: {{{field}: {{at_least: {{param: least}}}}}}
params: {{least: {{default: 5}}}}
effect: flag
"""
LEDGER = "ledger: sqlite:///ledger.db\n"


def rule(name="rows", field="data.rows"):
    return RULE.format(id=name, field=field)


def rebuild(workspace):
    """The policy set when what was gathered of it has been on disk, and what it was gathered from is gone."""
    gathered = gather_sources(workspace)
    stored = {item.digest: item.body for item in gathered.files}
    sources = decode_sources(json.loads(gathered.document.body))
    assert sources == gathered.sources
    named = (sources.files, sources.tables, *sources.sources.values(), *sources.bundles.values())
    assert {digest for digests in named for digest in digests.values()} == stored.keys()
    shutil.rmtree(workspace.root)
    return sources, rebuild_policy_set(sources, stored.__getitem__)


def check(workspace):
    """The sources, and the policy set that was read from them: the same one, with the same positions."""
    before = workspace.policy_set
    digest = digest_policy_set(before)
    sources, after = rebuild(workspace)
    assert digest_policy_set(after) == sources.digest == digest
    assert after.tables.digest == before.tables.digest
    assert after.layers == before.layers
    places = [[policy.location for policy in known.policies] for known in (before, after)]
    if not sources.absolute:
        assert places[0] == places[1]
    assert [place[1:] for place in places[0]] == [place[1:] for place in places[1]]
    return sources


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with files, beside which others may stand."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("POLICY_CACHE_DIR", str(tmp_path / "cache"))

    def plant(files):
        for name, content in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return plant


def test_the_catalogue_alone(project):
    sources = check(open_workspace(str(project({"policy.yaml": f"policy_set: 1\n{LEDGER}"}))))
    assert sources.config == "policy.yaml"
    assert list(sources.files) == ["policy.yaml"]
    assert len(sources.sources["catalogue"]) > 40
    assert set(sources.tables) == {"licenses", "providers", "models", "prices", "accelerators"}


def test_without_a_file(project):
    workspace = open_workspace(str(project({})))
    sources = Sources(digest_policy_set(workspace.policy_set), "catalogue", "tunegate 0", sources={"catalogue": {}})
    assert rebuild_policy_set(sources, lambda _: b"").policies == ()


def test_areas_and_settings(project):
    text = f"policy_set: 1\npolicies: [catalogue:data]\nmodes: {{volatile-data: observe}}\n{LEDGER}"
    root = project({"policy.yaml": text.replace("modes: {volatile-data: observe}\n", "")})
    assert {name.partition("/")[0] for name in check(open_workspace(str(root))).sources["catalogue"]} == {"data"}


def test_layers_beside_the_project_with_tables_waivers_and_fields(project, tmp_path):
    project(
        {
            "policy.yaml": "policy_set: 1\nextends: [../org]\npolicies: [./rules]\nparams: {rows.least: 7}\n",
            "rules/data/own.yaml": rule("own", "x.size"),
            "../org/policy.yaml": (
                "policy_set: 1\nname: acme\npolicies: [./policies]\nfields: {x.size: {type: integer, about: Size}}\n"
                f"tables: {{licenses: tables/ours.yaml}}\nwaivers: [waivers.yaml]\n{LEDGER}"
            ),
            "../org/policies/data/rows.yaml": rule(),
            "../org/tables/ours.yaml": (
                "table: 1\nrows:\n  acme-1: {terms: [], source: https://acme.example, date: 2026-01-01}\n"
            ),
            "../org/waivers.yaml": "waivers: 1\nentries: []\n",
            "pyproject.toml": "[tool.other]\npolicy = 1\n",
        }
    )
    sources = check(open_workspace(str(tmp_path / "project")))
    assert set(sources.files) == {
        "policy.yaml",
        "rules/data/own.yaml",
        "../org/policy.yaml",
        "../org/policies/data/rows.yaml",
        "../org/tables/ours.yaml",
        "../org/waivers.yaml",
    }


def test_a_project_file(project):
    text = f'[project]\nname = "a"\n[tool.policy]\npolicy_set = 1\npolicies = ["rules"]\n{LEDGER.replace(": ", " = ")}'
    text = text.replace("= sqlite:///ledger.db", '= "sqlite:///ledger.db"')
    assert check(open_workspace(str(project({"pyproject.toml": text, "rules/a/rows.yaml": rule()})))).config


def test_links_and_absolute_names(project, tmp_path):
    project(
        {
            "policy.yaml": f"policy_set: 1\nextends: [./org]\npolicies: [./shared, {tmp_path}/far]\n{LEDGER}",
            "../real/policy.yaml": f"policy_set: 1\npolicies: [./inner, '{tmp_path}/far/one.yaml']\n",
            "../real/inner/a/rows.yaml": rule(),
            "../rules/b/second.yaml": rule("second"),
            "../far/one.yaml": rule("one"),
            "../far/c/two.yaml": rule("two"),
        }
    )
    os.symlink("../real", tmp_path / "project" / "org")
    os.symlink(tmp_path / "rules", tmp_path / "project" / "shared")
    workspace = open_workspace(str(tmp_path / "project"))
    assert {policy.id for policy in workspace.policy_set.policies} == {"rows", "second", "one", "two"}
    sources = check(workspace)
    assert sources.absolute == {f"{tmp_path}/far": "../far", f"{tmp_path}/far/one.yaml": "../far/one.yaml"}
    assert sources.links == {"org/policy.yaml": "../real/policy.yaml", "shared/b/second.yaml": "../rules/b/second.yaml"}


@pytest.mark.parametrize("packed", [False, True])
def test_bundles(project, packed):
    files = {
        "policy.yaml": b"policy_set: 1\npolicies: [./rules]\n",
        "rules/a/rows.yaml": rule().encode(),
        "notes.txt": b"a",
    }
    digest = digest_files(files)
    name = "org.tar.gz" if packed else "org"
    contents = (
        {name: write_archive(files, make_manifest(files, "org", ""))}
        if packed
        else {f"org/{path}": data for path, data in files.items()}
    )
    text = f"policy_set: 1\nextends: ['./{name}#{digest.replace(':', '=')}']\n{LEDGER}"
    sources = check(open_workspace(str(project({"policy.yaml": text, **contents}))))
    assert set(sources.bundles[digest]) == set(files)
    assert set(sources.files) == {"policy.yaml"}


def test_what_plugins_add_is_recorded_and_they_are_not_imported(project, tmp_path, monkeypatch):
    project(
        {
            "policy.yaml": f"policy_set: 1\nplugins: [acme_recorded]\npolicies: [acme:a, ./rules]\n{LEDGER}",
            "rules/b/own.yaml": rule("own", "x.size"),
            "../plugins/acme_recorded.py": (
                "from policy import hookimpl\n"
                "from policy.model.kinds import COUNT\nfrom policy.model.schema import Field\n"
                "from policy.plugins.contracts import PolicySource, Predicate\n"
                "def size(values):\n    return 3\n"
                "@hookimpl\ndef predicates():\n    return [Predicate(Field('x.size', COUNT, 'Size'), size)]\n"
                f"@hookimpl\ndef policy_sources():\n    return [PolicySource('acme', {str(tmp_path / 'plugins')!r})]\n"
            ),
            "../plugins/a/rows.yaml": rule(),
        }
    )
    monkeypatch.syspath_prepend(str(tmp_path / "plugins"))
    workspace = open_workspace(str(tmp_path / "project"))
    stored = gather_sources(workspace).files
    sources = check(workspace)
    # From here on nobody could import it.
    shutil.rmtree(tmp_path / "plugins")
    sys.modules.pop("acme_recorded")
    gathered = {item.digest: item.body for item in stored}
    assert digest_policy_set(rebuild_policy_set(sources, gathered.__getitem__)) == sources.digest
    assert "acme_recorded" not in sys.modules
    assert sources.plugins == ("acme_recorded",)
    assert sources.sources["acme"].keys() == {"a/rows.yaml"}
    assert sources.fields[0]["path"] == "x.size"


def test_of_a_base_what_stands_there(project):
    root = project({"policy.yaml": f"policy_set: 1\npolicies: [./rules]\n{LEDGER}", "rules/a/rows.yaml": rule()})
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=first")
    project({"rules/a/rows.yaml": rule("changed")})
    with open_base(str(root), "main") as base:
        workspace = open_trusted(str(root), base)
        gathered = gather_sources(workspace)
    stored = {item.digest: item.body for item in gathered.files}
    after = rebuild_policy_set(gathered.sources, stored.__getitem__)
    assert [policy.id for policy in after.policies] == ["rows"]
    assert set(gathered.sources.files) == {f"{base.name}/policy.yaml", f"{base.name}/rules/a/rows.yaml"}


def test_secrets_in_its_files_are_covered_and_nothing_moves(project):
    secret = "AKIA" + "Q7JJ5ZLMVXTP3RTW"
    text = f"policy_set: 1\n# the key {secret} is not for here\npolicies: [./rules]\n{LEDGER}"
    workspace = open_workspace(str(project({"policy.yaml": text, "rules/a/rows.yaml": rule()})))
    gathered = gather_sources(workspace)
    assert not any(secret.encode() in item.body for item in (*gathered.files, gathered.document))
    assert gathered.sources.masked == {"policy.yaml": ("aws-access-key",)}
    assert check(workspace)


# What somebody who can write to the ledger's database could put there


GOOD = Sources(
    "sha256:0",
    "a",
    "tunegate 0",
    "policy.yaml",
    ("policy.yaml",),
    files={"policy.yaml": "p"},
    sources={"catalogue": {}},
)


def load(sources, text="policy_set: 1\npolicies: []\n", **others):
    return rebuild_policy_set(sources, {"p": text.encode(), **others}.__getitem__)


def test_the_least_that_can_be_read():
    assert load(GOOD).policies == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"files": {"policy.yaml": "p", "../../../../etc/x": "p", "/etc/x": "p"}},
        {"files": {"policy.yaml": "p", "": "p"}},
        {"files": {"policy.yaml": "p", "a\0b": "p"}},
        {"files": {"policy.yaml": "p", "policy.yaml/b": "p"}},
        {"links": {"/etc/x": "policy.yaml"}},
        {"links": {"a": "/etc/passwd"}},
        {"links": {"policy.yaml": "a"}},
        {"sources": {"../../x": {"a": "p"}}},
        {"sources": {"catalogue": {"../../x": "p"}}},
        {"bundles": {"../../../x": {"a": "p"}}},
        {"absolute": {"/a": "/etc"}},
        {"files": {"policy.yaml": "p", "../" * 61 + "a": "p"}},
        {"files": {"policy.yaml": "p", "a" * 300: "p"}},
        {"config": "../policy.yaml"},
        {"config": "missing.yaml"},
        {"fields": ({"path": "x.a"},)},
        {"fields": ({"path": "x.a", "type": []},)},
    ],
)
def test_nothing_is_written_or_read_outside(changed, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(PolicyError):
        load(GOOD._replace(**changed))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "policy_set: 1\nextends: [{}/policy.yaml]\n",
        "policy_set: 1\nextends: [../../../../../../../../../../../..{}/policy.yaml]\n",
        "policy_set: 1\npolicies: [{}/rules]\n",
        "policy_set: 1\npolicies: []\ntables: {{licenses: {}/policy.yaml}}\n",
        "policy_set: 1\npolicies: []\nwaivers: [{}/waivers.yaml]\n",
    ],
)
def test_what_its_text_names_outside_is_not_read(text, tmp_path):
    for name in ("policy.yaml", "rules/a/rows.yaml", "waivers.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("policy_set: 1\n")
    with pytest.raises(PolicyError, match=r"is not among the files that were recorded|there (is|are) no"):
        load(GOOD, text.format(tmp_path))


def test_a_bundle_that_is_not_there():
    with pytest.raises(PolicyError, match="the bundle `org` is not among what was recorded"):
        load(GOOD, f"policy_set: 1\nextends: ['./org#sha256={'0' * 64}']\n")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "policy-sources/2"},
        {"digest": None},
        {"config": 1},
        {"layers": "policy.yaml"},
        {"files": {"policy.yaml": 1}},
        {"files": []},
        {"sources": {"catalogue": []}},
        {"bundles": None},
        {"fields": [1]},
        {"masked": {"a": "b"}},
    ],
)
def test_a_document_of_no_version_is_refused(change):
    document = json.loads(canonical_json(encode_sources(GOOD)))
    assert decode_sources(document) == GOOD
    with pytest.raises(PolicyError, match="not of the format policy-sources/1"):
        decode_sources({**document, **change})
    del document["links"]
    with pytest.raises(PolicyError, match="not of the format policy-sources/1"):
        decode_sources(document)
