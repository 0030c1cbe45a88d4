"""Bundles as layers of a policy set and as its policies."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.app.policy_files import find_policy_file
from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.lock import write_lock
from policy.loading.bundles.opening import OpenBundle
from policy.loading.bundles.reference import find_reference
from policy.loading.bundles.store import Kept, find_store

ROWS = (
    b"policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: {param: fewest}}}\n"
    b"params: {fewest: {default: 100}}\neffect: {ci: block, default: flag}\n"
)
OWNED = b"policy: owned\ntitle: Owned\nseverity: low\nrequire: {present: [owner.team]}\neffect: advise\n"
ORG = {
    "policy.yaml": b"policy_set: 1\nname: organisation\npolicies: [policies]\nfinal: [rows]\n",
    "policies/one/rows.yaml": ROWS,
}
LOOSE = {"one/rows.yaml": ROWS, "owned.yaml": OWNED}


@pytest.fixture(autouse=True)
def _store(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("POLICY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


def pin(files):
    return "#" + digest_files(files).replace(":", "=")


def keep(files):
    """As if it was fetched; what it is named by."""
    Kept(find_store(), digest_files(files)).fill(files)
    return f"https://example.com/org.tar.gz{pin(files)}"


@pytest.fixture
def load(write):
    def read(text, files=None):
        root = write({"policy.yaml": f"policy_set: 1\n{text}", **(files or {})})
        return open_workspace(str(root))

    return read


@pytest.fixture
def refuse(load):
    def read(text, files=None):
        with pytest.raises(PolicyError) as refusal:
            load(text, files)
        assert all(problem.remedy and problem.level == "error" for problem in refusal.value.problems)
        return [f"{problem.location}: {problem.message}" for problem in refusal.value.problems]

    return read


def test_a_bundle_is_the_layer_below(load):
    name = keep(ORG)
    workspace = load(f"extends: ['{name}']\nparams: {{rows.fewest: 200}}\n")
    prefix = f"org@{digest_files(ORG)[:19]}"
    found = workspace.policy_set
    assert found.layers == (f"{prefix}/policy.yaml", "policy.yaml")
    assert found.params == {"rows.fewest": 200}
    assert [str(policy.location) for policy in found.policies] == [f"{prefix}/policies/one/rows.yaml:1:1"]
    assert found.policies[0].area == "one"
    assert str(found.places["final", "rows", ""]) == f"{prefix}/policy.yaml:4:9"
    kept = Kept(find_store(), digest_files(ORG)).folder
    assert dict(found.bundles) == {prefix: kept}
    assert Path(find_policy_file(workspace, f"{prefix}/policies/one/rows.yaml")).read_bytes() == ROWS


def test_what_a_bundle_makes_final_stays(load):
    name = keep(ORG)
    with pytest.raises(PolicyError) as refusal:
        load(f"extends: ['{name}']\nparams: {{rows.fewest: 10}}\n")
    (problem,) = refusal.value.problems
    assert "which loosens the policy, and the policy is final" in problem.message
    assert problem.related[0][1].file == f"org@{digest_files(ORG)[:19]}/policy.yaml"


def test_the_form_of_a_bundle_changes_nothing(load):
    by_address = load(f"extends: ['{keep(ORG)}']\n").policy_set
    by_path = load(f"extends: ['shared/org{pin(ORG)}']\n", {f"shared/org/{path}": ORG[path] for path in ORG}).policy_set
    assert by_address.layers == by_path.layers
    assert by_address.policies == by_path.policies
    assert by_address.places == by_path.places


def test_policies_of_a_bundle(load):
    found = load(f"policies: ['{keep(LOOSE)}']\n").policy_set
    assert sorted((policy.id, policy.area) for policy in found.policies) == [("owned", "org"), ("rows", "one")]


@pytest.mark.parametrize(
    ("files", "key", "message"),
    [
        (LOOSE, "extends", "the bundle `org` holds no policy set"),
        (ORG, "policies", "the bundle `org` holds a policy set"),
        ({"README.md": b"x"}, "policies", "the bundle `org` holds no policies"),
    ],
)
def test_what_does_not_hold_what_it_is_named_for(refuse, files, key, message):
    assert refuse(f"{key}: ['{keep(files)}']\n") == [f"policy.yaml:2:{4 + len(key)}: {message}"]


@pytest.mark.parametrize("key", ["extends", "policies"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("https://example.com/org.tar.gz", "is not pinned"),
        (f"https://example.com/org.tar.gz{pin(ORG)}", "is not kept here, and no check fetches anything"),
        (f"none{pin(ORG)}", "there is no bundle at `none`"),
        ("./org.zip", "is not pinned"),
        (f"git+https://example.com/org@abc1234{pin(ORG)}", "is an abbreviated commit"),
    ],
)
def test_names_of_bundles_that_are_wrong(refuse, key, name, message):
    (said,) = refuse(f"{key}: ['{name}']\n")
    assert said.startswith(f"policy.yaml:2:{4 + len(key)}: ")
    assert message in said


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("extends: [../other]\n", "3:11"),
        ("extends: [/srv/other]\n", "3:11"),
        ("policies: [../policies]\n", "3:12"),
        ("policies: [catalogue, .hidden]\n", "3:23"),
        ("tables: {licenses: ../licenses.yaml}\n", "3:20"),
        ("waivers: [../waivers.yaml]\n", "3:11"),
        ("waivers: [.hidden/waivers.yaml]\n", "3:11"),
        (f"extends: ['../other{pin(ORG)}']\n", "3:11"),
        (f"policies: ['../other{pin(ORG)}']\n", "3:12"),
    ],
)
def test_a_bundle_names_nothing_outside(refuse, text, column):
    files = {"policy.yaml": b"policy_set: 1\nname: org\n" + text.encode(), ".hidden/a.yaml": ROWS}
    visible = {path: data for path, data in files.items() if not path.startswith(".")}
    # Beside it and hidden in it there is what it names: that does not count.
    planted = {f"shared/org/{path}": data for path, data in files.items()}
    around = {
        "shared/other/policy.yaml": ORG["policy.yaml"],
        "shared/licenses.yaml": "x",
        "shared/policies/a.yaml": ROWS,
    }
    said = refuse(f"extends: ['shared/org{pin(visible)}']\n", {**planted, **around})
    assert [line for line in said if "leads out of the bundle, or to what is hidden in it" in line]
    assert said[0].startswith(f"org@{digest_files(visible)[:19]}/policy.yaml:{column}: ")


def test_layers_inside_a_bundle(load):
    files = {**ORG, "team/policy.yaml": b"policy_set: 1\nextends: [..]\nparams: {rows.fewest: 300}\n"}
    outer = {
        "policy.yaml": b"policy_set: 1\nextends: [inner/team]\n",
        **{f"inner/{path}": files[path] for path in files},
    }
    found = load(f"extends: ['{keep(outer)}']\n").policy_set
    prefix = f"org@{digest_files(outer)[:19]}"
    assert found.layers == (
        f"{prefix}/inner/policy.yaml",
        f"{prefix}/inner/team/policy.yaml",
        f"{prefix}/policy.yaml",
        "policy.yaml",
    )
    assert found.params == {"rows.fewest": 300}


def test_a_bundle_that_names_a_bundle(load, refuse):
    inner = f"https://example.com/inner.tgz{pin(ORG)}"
    outer = {"policy.yaml": f"policy_set: 1\nextends: ['{inner}']\n".encode()}
    text = f"extends: ['{keep(outer)}']\n"
    (said,) = refuse(text)
    assert said == (
        f"org@{digest_files(outer)[:19]}/policy.yaml:2:11: "
        "the bundle `inner` is not kept here, and no check fetches anything"
    )
    keep(ORG)
    assert load(text).policy_set.layers[0] == f"inner@{digest_files(ORG)[:19]}/policy.yaml"


def test_code_in_a_bundle_is_not_imported(refuse):
    files = {"policy.yaml": b"policy_set: 1\nplugins: [bundled_plugin]\n", "bundled_plugin.py": b"raise SystemExit"}
    (said,) = refuse(f"extends: ['{keep(files)}']\n")
    assert "policy.yaml:2:11: " in said
    assert "bundled_plugin" in said


def test_what_is_wrong_in_a_bundle_is_said_at_its_place(refuse):
    files = {**ORG, "policies/one/rows.yaml": b"policy: rows\nrequire: {data.rowz: {at_least: 1}}\n"}
    said = refuse(f"extends: ['{keep(files)}']\n")
    assert all(line.startswith(f"org@{digest_files(files)[:19]}/policies/one/rows.yaml:") for line in said)


def test_a_folder_cannot_pass_for_a_bundle(refuse):
    name = f"org@{digest_files(ORG)[:19]}"
    planted = {f"{name}/{path}": ORG[path] for path in ORG}
    for entry in (name, f"./{name}/policy.yaml", f"./{name}/../{name}"):
        (said,) = refuse(f"extends: ['{entry}']\n", planted)
        assert "is not pinned" in said or "is named like a bundle" in said


LOCK = "policy.lock"


def test_a_lock_file_holds_what_is_named(load, refuse):
    name = keep(ORG)
    size = sum(map(len, ORG.values()))
    reference = find_reference(name)
    assert reference is not None
    locked = write_lock({name: OpenBundle(reference, "", len(ORG), size)})
    text = f"extends: ['{name}']\n"
    assert load(text, {LOCK: locked}).policy_set.layers[1] == "policy.yaml"
    assert refuse(text, {LOCK: locked.replace("files: 2", "files: 3")}) == [
        "policy.lock:1:1: the lock file was changed by hand, or merged"
    ]
    assert refuse("policies: [catalogue]\n", {LOCK: locked}) == [
        f"policy.lock:4:1: `{name}` is locked, and no policy set here names it"
    ]
    assert refuse(text, {LOCK: write_lock({})}) == [f"policy.lock:1:1: `{name}` is not locked"]


def test_a_lock_file_in_a_bundle_is_not_the_one_that_counts(load):
    assert load(f"extends: ['{keep({**ORG, LOCK: b'x'})}']\n").policy_set.layers


@pytest.mark.parametrize("name", ["team/policy.yaml", "team/pyproject.toml"])
def test_the_lock_file_is_beside_the_policy_set(write, name):
    text = "policy_set: 1\n" if name.endswith("yaml") else "[tool.policy]\npolicy_set = 1\n"
    root = write({name: text, "team/policy.lock": "x"})
    with pytest.raises(PolicyError, match=r"team/policy\.lock:1:1: this is no lock file"):
        open_workspace(str(root), str(root / name))
