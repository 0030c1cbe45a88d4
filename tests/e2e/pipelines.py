"""What a job of a CI system has: a clone, and a package that is installed without a network."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from policy.__about__ import __version__

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "manifest: 1\nproject: tone\napproach: fine-tuning\npurpose: [style]\n"
POLICIES = "policy_set: 1\npolicies: [./policies]\n"


# Stands for `python3`: what `-I -m venv` would make is copied, which costs a tenth; all else is done by Python itself.
PYTHON = """\
#!/bin/sh
[ "$#: $1 $2 $3" = "4: -I -m venv" ] || exec {python} "$@"
cp -R {made}/. "$4"
printf '#!%s/bin/python\\nimport sys\\nfrom pip._internal.cli.main import main\\nsys.exit(main())\\n' "$4" >"$4/bin/pip"
"""


def require(purpose: str, effect: str) -> dict[str, str]:
    """A policy set with one policy, `own`, which asks for a purpose; that of the manifest is style."""
    policy = f"title: Own\nseverity: high\nrequire: {{purpose: {{contains: {purpose}}}}}\neffect: {effect}\n"
    return {"policy.yaml": POLICIES, "policies/own.yaml": f"policy: own\n{policy}"}


def write_wheel(folder: Path, version: str = __version__) -> None:
    """A wheel of the package that installs without a network: it leads to the sources and what they need."""
    about = f"tunegate-{version}.dist-info"
    files = {
        "tunegate_sources.pth": f"{ROOT / 'src'}\n{sysconfig.get_path('purelib')}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tunegate\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\npolicy = tunegate:main\n",
    }
    record = f"{about}/RECORD"
    with ZipFile(folder / f"tunegate-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(record, "".join(f"{name},,\n" for name in (*files, record)))


def write_python(folder: Path) -> None:
    """A program `python3` in a folder of a test's own, with one environment to copy for all tests."""
    python = Path(sys.executable).with_name("python3")
    made = folder.parent.parent / "made-environment"
    if not made.exists():
        subprocess.run([python, "-I", "-m", "venv", made], check=True)
    folder.mkdir()
    program = folder / "python3"
    program.write_text(PYTHON.format(python=python, made=made), encoding="utf-8")
    program.chmod(0o755)


def make_environment(folder: Path) -> dict[str, str]:
    """The environment of a job: none of our own settings, and `pip` finds nothing but the wheel."""
    write_python(folder / "programs")
    wheels = folder / "wheels"
    wheels.mkdir()
    write_wheel(wheels)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "POLICY_", "CI"))}
    path = os.pathsep.join((str(folder / "programs"), str(Path(sys.executable).parent), kept["PATH"]))
    return {**kept, "PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "HOME": str(folder)}


class Clone:
    """A clone as a runner makes it: on a proposal, with what the target branch `main` is."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "git@gitlab.example.com:acme/models.git")
        self.plant(files)

    def git(self, *arguments: str) -> None:
        """Call git in the clone."""
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", "-C", str(self.folder), *who, *arguments], check=True)

    def plant(self, files: Mapping[str, str]) -> None:
        """Write files."""
        for name, text in files.items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def commit(self, files: Mapping[str, str], *, on_main: bool = False) -> None:
        """Commit files, and where asked let the target branch stand there."""
        self.plant(files)
        self.git("add", "--all")
        self.git("commit", "-qm", "a change", "--allow-empty")
        if on_main:
            self.git("update-ref", "refs/remotes/origin/main", "HEAD")
            self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
