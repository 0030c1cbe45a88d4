from datetime import UTC, datetime
from pathlib import Path

from policy.app.checking import Check, CheckRequest
from policy.language.policies import read_policy
from policy.model.manifest import read_manifest
from policy.source.yaml_reader import read_yaml
from tests.docs.terminal_picture import draw_terminal

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST, LAST = 33, 2


def fenced(language: str) -> list[str]:
    return [part.split("```")[0] for part in README.split(f"```{language}\n")[1:]]


def check_in_colour(path: str) -> str:
    request = CheckRequest((path,), "check", datetime(2026, 11, 20, tzinfo=UTC), formats=(("text", True),))
    check = Check(request)
    reporter, context = check.bench.reporters[0], check.bench.contexts[0]
    texts = [rendered.texts[0] + reporter.separator for rendered in check.run()]
    return reporter.start(context) + "".join(texts) + reporter.finish(check.summary, check.problems, context)


def test_the_picture_is_what_the_command_prints(generated, monkeypatch):
    monkeypatch.chdir(ROOT)
    lines = check_in_colour("examples/pricing-answers").rstrip().splitlines()
    shown = ["$ policy check examples/pricing-answers", *lines[:FIRST], "  …", *lines[-LAST:]]
    title = "policy check examples/pricing-answers: blocked, with reasons and what to do instead"
    generated(Path("docs/images/check.svg"), draw_terminal("\n".join(shown), title))


def test_the_manifest_and_the_policy_of_the_readme_are_read():
    manifest, policy = fenced("yaml")
    assert read_manifest(read_yaml(manifest.encode(), "README.md")).project == "support-reply-tone"
    assert read_policy(read_yaml(policy.encode(), "README.md")).id == "volatile-data"


def test_every_link_leads_to_a_file():
    targets = [part.split(")")[0] for part in README.split("](")[1:]]
    missing = [target for target in targets if "://" not in target and not (ROOT / target).exists()]
    assert targets
    assert missing == []
