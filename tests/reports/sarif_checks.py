"""What a SARIF file must keep to: its JSON Schema, and what GitHub asks for beyond it."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema

from policy.model.policy import Policy, PolicySet
from policy.reports.reporter import ReportContext
from tests.reports.scenarios import VOLATILE, allow
from tests.reports.whole import poison

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"
LEVELS = ("none", "note", "warning", "error")


@cache
def make_validator() -> Any:
    """The validator of the published schema."""
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def read_run(text: str) -> dict[str, Any]:
    """The only run of a file, which keeps to everything."""
    document = json.loads(text)
    make_validator().validate(document)
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    check_rules(run)
    for result in run["results"]:
        check_result(result, {rule["id"] for rule in run["tool"]["driver"]["rules"]})
    taxa = {(item["name"], taxon["id"]) for item in run["taxonomies"] for taxon in item["taxa"]}
    for rule in run["tool"]["driver"]["rules"]:
        targets = (relation["target"] for relation in rule.get("relationships", []))
        assert {(target["toolComponent"]["name"], target["id"]) for target in targets} <= taxa
    assert isinstance(run, dict)
    return run


def check_rules(run: dict[str, Any]) -> None:
    """What GitHub reads of a rule is there and within its limits."""
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        properties = rule["properties"]
        assert 0 < len(properties["tags"]) <= 20
        assert properties["precision"] in ("very-high", "high", "medium", "low")
        assert properties["problem.severity"] in ("error", "warning", "recommendation")
        if "security-severity" in properties:
            assert isinstance(properties["security-severity"], str)
            assert 0 < float(properties["security-severity"]) <= 10


def check_result(result: dict[str, Any], rules: set[str]) -> None:
    """A place that GitHub shows, a fingerprint, and a level that goes with its kind."""
    assert result["ruleId"] in rules
    assert result["message"]["text"].isprintable()
    assert result["level"] in LEVELS
    assert (result["level"] == "none") == (result.get("kind", "fail") != "fail")
    (place,) = result["locations"]
    for where in (place, *result.get("relatedLocations", [])):
        check_place(where["physicalLocation"])
    assert re.fullmatch("[0-9a-f]{64}", result["fingerprints"]["policyFinding/v1"])
    assert re.fullmatch("[0-9a-f]{16}:[0-9]+", result["partialFingerprints"]["primaryLocationLineHash"])


def check_place(where: dict[str, Any]) -> None:
    """A relative address in ASCII, and a region with all four numbers, which is not empty."""
    address, region = where["artifactLocation"], where["region"]
    assert address["uriBaseId"] == "SRCROOT"
    assert re.fullmatch(r"(?!/)(?:[A-Za-z0-9/._~-]|%[0-9A-F]{2})+", address["uri"]), address["uri"]
    start = (region["startLine"], region["startColumn"])
    assert (1, 1) <= start < (region["endLine"], region["endColumn"])
    assert min(region.values()) >= 1


def read_file(result: dict[str, Any]) -> bytes:
    """The path that a result names."""
    return unquote_to_bytes(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def poison_context(*texts: str) -> ReportContext:
    """A context with the policies of poisoned decisions, in each of which every text is one of these."""
    names = dict.fromkeys(outcome.policy for text in texts for outcome in poison(text).outcomes)
    policies = tuple(
        Policy(
            name,
            text,
            "high",
            VOLATILE.require,
            params=VOLATILE.params,
            effect={"default": "block"},
            instead=(text,),
            because=text,
            fix=text,
            limits=text,
            references=(text,),
            controls={text: (text,)},
            area=text,
        )
        for name, text in zip(names, cycle(texts), strict=False)
    )
    return allow().context()._replace(policy_set=PolicySet(policies, name=texts[0]))
