"""The tables that ship, and those that an organisation puts in their place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.workspace import open_workspace
from policy.errors import PolicyError, Problem
from policy.loading.tables.files import read_rows, read_tables, shipped_tables
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.money import Money
from policy.model.policy import PolicySet
from policy.model.reading import FactReader
from policy.model.table_columns import COLUMNS
from policy.model.tables import TABLE_NAMES, Lookup, Row, Tables
from policy.source.yaml_reader import read_yaml
from tests.building import NOW, make_claims

FOLDER = Path(__file__).resolve().parents[3] / "src" / "policy" / "tables"
POLICY = "policy: owned\ntitle: Owned\nseverity: low\nrequire: {present: [owner.team]}\neffect: advise\n"
TOLD = "source: a page, date: 2026-11-20"

Load = Callable[..., PolicySet]


@pytest.fixture
def load(write: Callable[..., Path]) -> Load:
    """The policy set of a folder whose policy.yaml names the tables in `files`, by name and text."""

    def read(files: dict[str, str], tables: str = "") -> PolicySet:
        named = tables or "{" + ", ".join(f"{name}: tables/{name}.yaml" for name in files) + "}"
        root = write(
            {
                "policies/owner/owned.yaml": POLICY,
                "policy.yaml": f"policy_set: 1\npolicies: [policies]\ntables: {named}\n",
                **{f"tables/{name}.yaml": text for name, text in files.items()},
            }
        )
        return open_workspace(str(root)).policy_set

    return read


@pytest.fixture
def refuse(load: Load) -> Callable[..., list[str]]:
    """Everything that is said about such tables."""

    def read(files: dict[str, str], tables: str = "") -> list[str]:
        with pytest.raises(PolicyError) as refusal:
            load(files, tables)
        assert all(problem.remedy and problem.level == "error" for problem in refusal.value.problems)
        return [str(problem) for problem in refusal.value.problems]

    return read


def find(tables: Tables, name: str, key: str) -> Row | None:
    return tables.by_name[name].find(key)


def terms(policy_set: PolicySet, license_: str) -> tuple[str, ...]:
    facts = Facts(make_claims(f"model.license: {license_}"), tables=policy_set.tables, today=NOW.date())
    found: tuple[str, ...] = facts.values["model.license_terms"].items
    return found


# What ships


def read_shipped(name: str) -> dict[str, Row]:
    rows, replaces = read_rows(name, (FOLDER / f"{name}.yaml").read_bytes(), f"tables/{name}.yaml")
    assert not replaces
    return rows


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_row_that_ships_is_right_and_found(name):
    rows = read_shipped(name)
    assert {key: find(shipped_tables(), name, key) for key in rows} == rows
    for key, row in rows.items():
        assert key == row.key == key.lower()
        assert row.source.strip()
        assert row.date >= date(2026, 11, 1)


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_row_that_ships_is_one_line(name):
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith("  ") and not line.lstrip().startswith("#") for line in lines) == len(read_shipped(name))


def test_every_table_has_columns_and_a_file():
    assert set(COLUMNS) == set(TABLE_NAMES) == {file.stem for file in FOLDER.iterdir()}


def test_about_a_hundred_licences_ship():
    rows = read_shipped("licenses")
    assert len(rows) >= 100
    for row in rows.values():
        assert "kept_by" not in row.values or "share-alike" in row.values["terms"].items
        kept = row.values.get("kept_by")
        assert kept is None or all(other in rows for other in kept.items)


@pytest.mark.parametrize(
    ("part", "term"), [("-nc", "non-commercial"), ("-nd", "no-derivatives"), ("-sa", "share-alike")]
)
def test_a_creative_commons_licence_restricts_what_its_name_says(part, term):
    for key, row in read_shipped("licenses").items():
        if key.startswith("cc-"):
            assert (part in key) == (term in row.values["terms"].items), key


@pytest.mark.parametrize(
    ("license_", "restricts"),
    [
        ("CC-BY-NC-ND-1.0", ["no-derivatives", "non-commercial"]),
        ("CC-BY-NC-3.0-DE", ["non-commercial"]),
        ("CC-BY-NC-ND-3.0-IGO", ["no-derivatives", "non-commercial"]),
        ("CC-BY-NC-SA-2.0-UK", ["non-commercial", "share-alike"]),
        ("cc-by-nc", ["non-commercial"]),
        ("cc-by-nc-nd", ["no-derivatives", "non-commercial"]),
    ],
)
def test_every_licence_of_spdx_that_allows_no_commerce_is_known_for_it(license_, restricts):
    facts = Facts(make_claims(f"model.license: {license_}"), tables=shipped_tables(), today=NOW.date())
    assert list(facts.values["model.license_terms"].items) == restricts


@given(st.text(max_size=30) | st.sampled_from(["mit: {terms", "rows", "table", " mit", "mit\n  isc", "#", "\ud800"]))
def test_any_key_may_be_asked_for(key):
    row = find(shipped_tables(), "licenses", key)
    assert row is None or row == read_shipped("licenses")[key]


def test_the_whole_catalogue_is_judged_by_what_ships(tmp_path):
    policy_set = open_workspace(str(tmp_path)).policy_set
    assert policy_set.tables == shipped_tables()
    assert set(policy_set.tables.by_name) == set(TABLE_NAMES)


def test_prices_of_calls_ship_and_prices_of_training_hosting_and_accelerators_do_not():
    rows = read_shipped("prices")
    assert all(set(row.values) <= {"input_per_million_tokens", "output_per_million_tokens"} for row in rows.values())
    assert all(set(row.values) == {"peak_flops"} for row in read_shipped("accelerators").values())
    assert all(money.currency == "USD" and money.amount > 0 for row in rows.values() for money in row.values.values())
    # An answer costs more than a question, and a tuned model no less than what it was tuned from.
    for key, row in rows.items():
        asked, told = row.values["input_per_million_tokens"], row.values.get("output_per_million_tokens")
        assert told is None or told.amount > asked.amount
        if "/ft:" in key:
            base = rows[key.replace("ft:", "")].values
            assert all(row.values[column].amount >= base[column].amount for column in row.values)


def test_every_model_that_is_known_to_be_shut_down_has_its_prices():
    assert set(read_shipped("models")) <= set(read_shipped("prices"))


def test_accelerators_do_no_more_than_their_vendors_say_for_dense_numbers():
    peaks = {key: row.values["peak_flops"] for key, row in read_shipped("accelerators").items()}
    assert peaks["a100"] < peaks["h100-pcie"] < peaks["h100-sxm"] == peaks["h200"] < peaks["b200"]
    assert all(1e14 < peak < 1e16 for peak in peaks.values())


# An organisation's own


def test_rows_replace_rows_of_the_same_key_and_the_rest_stays(load):
    own = f"table: 1\nrows:\n  MIT: {{terms: [conditional], {TOLD}}}\n  acme-1: {{terms: [], {TOLD}}}\n"
    policy_set = load({"licenses": own})
    assert terms(policy_set, "mit") == ("conditional",)
    assert terms(policy_set, "Acme-1") == ()
    assert terms(policy_set, "cc-by-nc-4.0") == ("non-commercial",)
    assert policy_set.tables.by_name["models"] == shipped_tables().by_name["models"]


@pytest.mark.parametrize("name", ["Acme License 1.0", "acme/1", "MIT+", "gpl-3.0-only", "mit, isc", "mit or"])
def test_whatever_a_licence_is_called_a_row_can_say_what_it_restricts(load, name):
    row = f'"{name}": {{terms: [conditional], {TOLD}}}'
    assert terms(load({"licenses": f"table: 1\nrows: {{{row}}}\n"}), name) == ("conditional",)


def test_a_whole_table_can_be_replaced(load):
    policy_set = load({"licenses": f"table: 1\nreplace: true\nrows: {{acme-1: {{terms: [], {TOLD}}}}}\n"})
    assert terms(policy_set, "acme-1") == ()
    assert terms(policy_set, "mit") == ("unlisted",)


def test_an_organisation_that_knows_better_says_whether_it_can_train(load):
    policy_set = load({"providers": f"table: 1\nrows: {{openai: {{closed: 2027-01-06, {TOLD}}}}}\n"})
    facts = Facts(make_claims("training.tool: openai"), tables=policy_set.tables, today=NOW.date())
    assert facts.values["provider.available"] is True


def test_prices_are_amounts_of_money(load):
    own = f"table: 1\nrows: {{acme/One: {{training_per_million_tokens: 2.50 USD, {TOLD}}}}}\n"
    row = find(load({"prices": own}).tables, "prices", "acme/one")
    assert row is not None
    assert row.values == {"training_per_million_tokens": Money(2.5, "USD")}
    assert (row.source, row.date) == ("a page", date(2026, 11, 20))


def test_a_price_of_ones_own_leaves_the_other_prices_of_the_model(load):
    own = f"table: 1\nrows: {{OpenAI/gpt-4o-mini: {{training_per_million_tokens: 2.50 USD, {TOLD}}}}}\n"
    lookup = Lookup(load({"prices": own}).tables)
    found = {
        column: told
        for column in COLUMNS["prices"]
        if (told := lookup.find_value("prices", "openai/gpt-4o-mini", column)) is not None
    }
    assert {column: (price, row.source.split()[-1]) for column, (price, row) in found.items()} == {
        "training_per_million_tokens": (Money(2.5, "USD"), "page"),
        "input_per_million_tokens": (Money(0.15, "USD"), "1.109.1"),
        "output_per_million_tokens": (Money(0.6, "USD"), "1.109.1"),
    }


def test_a_whole_table_of_prices_can_be_replaced(load):
    own = f"table: 1\nreplace: true\nrows: {{a/b: {{input_per_million_tokens: 1 USD, {TOLD}}}}}\n"
    lookup = Lookup(load({"prices": own}).tables)
    assert lookup.find_value("prices", "openai/gpt-4o-mini", "input_per_million_tokens") is None
    assert lookup.find_value("prices", "a/b", "input_per_million_tokens") is not None


def test_tables_over_tables(tmp_path):
    problems: list[Problem] = []

    def read(base: Tables | None, text: str) -> Tables:
        (tmp_path / "own.yaml").write_text(text)
        node = read_yaml(b"licenses: own.yaml\n", "policy.yaml").root
        return read_tables(node, FactReader(SCHEMA, "policy.yaml", problems), str(tmp_path), base)

    first = read(None, f"table: 1\nrows: {{a: {{terms: [], {TOLD}}}, b: {{terms: [], {TOLD}}}}}\n")
    second = read(first, f"table: 1\nrows: {{b: {{terms: [conditional], {TOLD}}}}}\n")
    assert problems == []
    found = {key: row.values["terms"].items for key in ("a", "b", "mit") if (row := find(second, "licenses", key))}
    assert found == {"a": (), "b": ("conditional",), "mit": ()}
    assert len({tables.digest for tables in (shipped_tables(), first, second)}) == 3


def test_the_digest_is_of_the_content_and_not_of_line_ends(load):
    text = f"table: 1\nrows: {{a: {{terms: [], {TOLD}}}}}\n"
    digests = {
        load({"licenses": text}).tables.digest,
        load({"licenses": text.replace("\n", "\r\n")}).tables.digest,
    }
    assert len(digests) == 1
    assert load({"licenses": text.replace("[]", "[conditional]")}).tables.digest not in digests
    assert shipped_tables().digest not in digests


@pytest.mark.parametrize("tables", ["", "~", "{}"])
def test_no_tables_are_those_that_ship(load, tables):
    assert load({}, tables or "null").tables == shipped_tables()


# What is wrong

WRONG = [
    ("licenses", 'rows: {a: {terms: [], source: " ", date: 2026-11-20}}', "2:31: `a.source` is blank", "the document"),
    ("licenses", f'rows: {{"mit ": {{terms: [], {TOLD}}}}}', "2:8: the name `mit ` of a row is empty or", "the name"),
    ("models", f'rows: {{" a/b": {{{TOLD}}}}}', "2:8: the name ` a/b` of a row is empty or begins", "the name"),
    ("licenses", f'rows: {{"": {{terms: [], {TOLD}}}}}', "2:8: the name `` of a row is empty", "the name"),
    ("licenses", f"rows: {{MIT or ISC: {{terms: [], {TOLD}}}}}", "2:8: `MIT or ISC` is an expression", "a licence"),
    ("licenses", f"rows: {{(mit): {{terms: [], {TOLD}}}}}", "2:8: `(mit)` is an expression", "a licence"),
    ("licenses", "rows: {a: {terms: [], source: x}}", "2:8: the row `a` has no date", "add `date: …`, the day"),
    ("licenses", "rows: {a: {terms: [], date: 2026-11-20}}", "2:8: the row `a` has no source", "the document"),
    ("licenses", f"rows: {{a: {{{TOLD}}}}}", "2:8: the row `a` has no terms", "add `terms: …`, what the licence"),
    ("licenses", f"rows: {{a: {{terms: mit, {TOLD}}}}}", "2:19: `a.terms` needs a list", "terms: [mit]"),
    (
        "licenses",
        f"rows: {{a: {{terms: [noncommercial], {TOLD}}}}}",
        "2:20: `a.terms`: `noncommercial` is not",
        "write non-c",
    ),
    ("licenses", f"rows: {{a: {{terms: [unlisted], {TOLD}}}}}", "2:20: `a.terms`: `unlisted` is not one of", "write"),
    (
        "licenses",
        f"rows: {{a: {{terms: [], term: [], {TOLD}}}}}",
        "2:23: there is no column of the table licenses `term`",
        "`terms`",
    ),
    (
        "licenses",
        "rows: {a: {terms: [], source: x, date: 20.11.2026}}",
        "2:40: `a.date`: `20.11.2026` is not a date",
        "year",
    ),
    (
        "licenses",
        "rows: {a: {terms: [], source: '', date: 2026-11-20}}",
        "2:31: `a.source`: the text is empty",
        "write",
    ),
    ("licenses", "rows: {a: {terms: [], source: [x], date: 2026-11-20}}", "2:31: `a.source` is a list where", "write"),
    ("licenses", "rows: {a: }", "2:11: the row `a` has no columns", "source"),
    ("licenses", "rows: [a]", "2:7: the table has no rows", "write `rows:"),
    ("licenses", "rows:", "2:6: the table has no rows", "write `rows:"),
    ("licenses", "", "1:1: the table has no rows", "write `rows:"),
    ("licenses", "rows: {}\nrow: {}", "3:1: there is no key of a table `row`", "write `rows`"),
    ("licenses", "rows: {}\nreplace: yes", "3:10: `replace`: `yes` is not a boolean", "write true"),
    (
        "licenses",
        f"rows:\n  mit: {{terms: [], {TOLD}}}\n  MIT: {{terms: [], {TOLD}}}",
        "4:3: there is a row `MIT` already",
        "upper and lower case",
    ),
    (
        "models",
        f"rows: {{gpt-4o: {{retires: 2027-01-14, {TOLD}}}}}",
        "2:8: `gpt-4o` names no provider",
        "provider/model",
    ),
    ("models", f"rows: {{/gpt-4o: {{{TOLD}}}}}", "2:8: `/gpt-4o` names no provider", "write `provider/model`"),
    ("models", f"rows: {{a/b: {{retires: soon, {TOLD}}}}}", "2:23: `a/b.retires`: `soon` is not a date", "year"),
    ("providers", f"rows: {{a: {{closed: true, {TOLD}}}}}", "2:20: `a.closed`: `true` is not a date", "year"),
    ("prices", f"rows: {{a/b: {{{TOLD}}}}}", "2:8: the row `a/b` fills no column", "`training_per_million_tokens`"),
    (
        "prices",
        f"rows: {{gpt-4o: {{hosting_per_hour: 1 USD, {TOLD}}}}}",
        "2:8: `gpt-4o` names no provider",
        "provider/",
    ),
    ("accelerators", f"rows: {{a: {{{TOLD}}}}}", "2:8: the row `a` fills no column", "`peak_flops`, `price_per_hour`"),
    ("accelerators", f"rows: {{a: {{peak_flops: 0, {TOLD}}}}}", "2:24: `a.peak_flops`: 0 is not between", "number"),
    ("accelerators", f"rows: {{a: {{peak_flops: -1, {TOLD}}}}}", "2:24: `a.peak_flops`: -1 is not between", "number"),
    ("accelerators", f"rows: {{a: {{peak_flops: fast, {TOLD}}}}}", "2:24: `a.peak_flops`: `fast` is not", "number"),
    (
        "accelerators",
        f"rows: {{a: {{price_per_hour: -1 USD, {TOLD}}}}}",
        "2:28: `a.price_per_hour`: `-1 USD` is",
        "200",
    ),
    (
        "prices",
        f"rows: {{a/b: {{training_per_million_tokens: 3, {TOLD}}}}}",
        "2:43: `a/b.training_per_million_tokens`: `3` is not an amount",
        "currency",
    ),
]


@pytest.mark.parametrize(("name", "text", "message", "remedy"), WRONG)
def test_what_is_wrong_with_a_table_is_said_where_it_is(refuse, name, text, message, remedy):
    (said,) = refuse({name: f"table: 1\n{text}\n"})
    first, _, help_ = said.partition("\n  help: ")
    assert first.startswith(f"tables/{name}.yaml:{message}"), said
    assert remedy in help_


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows: {}\n", "licenses.yaml:1:1: the table's format is not said; this version reads format 1"),
        ("table: 2\nrows: {}\n", "licenses.yaml:1:8: the table's format is `2`; this version reads format 1"),
        ("[]\n", "licenses.yaml:1:1: the table is not a mapping"),
        ("table: 1\nrows: {\n", "licenses.yaml:"),
        ("", "licenses.yaml:1:1: the file is empty"),
        ("table: 1\nrows: {a: &a {terms: [], b: *a}}\n", "licenses.yaml:2:"),
        ("a: " + "[" * 5000, "licenses.yaml:1:"),
    ],
)
def test_files_that_are_no_table(refuse, text, message):
    first, *_ = refuse({"licenses": text})
    assert f"tables/{message}" in first


def test_everything_is_said_at_once(refuse):
    bad = "table: 1\nrows:\n  a: {terms: [x], source: y}\n  b: {closed: 1, date: 1, source: y, terms: []}\n"
    said = refuse({"licenses": bad, "providers": "table: 1\nrows: {a: {closed: x}}\n"})
    assert len(said) == 7
    assert sum(line.startswith("tables/licenses.yaml:") for line in said) == 4


@pytest.mark.parametrize(
    ("tables", "message", "remedy"),
    [
        ("[licenses]", "policy.yaml:3:9: `tables` needs a mapping", "write `tables: {licenses:"),
        ("{licences: a.yaml}", "policy.yaml:3:10: there is no table `licences`", "write `licenses`"),
        ("{weather: a.yaml}", "policy.yaml:3:10: there is no table `weather`", "there are licenses, providers, models"),
        (
            "{licenses: missing.yaml}",
            "policy.yaml:3:20: there is no table at `missing.yaml`",
            "relative to the policy set",
        ),
        (
            "{licenses: [a.yaml]}",
            "policy.yaml:3:20: `tables.licenses` is a list where a path is needed",
            "write a path",
        ),
        ("{licenses: policies}", "policies:1:1: this is a directory, not a file", "name a file"),
    ],
)
def test_what_is_wrong_with_the_names_of_tables(refuse, tables, message, remedy):
    (said,) = refuse({}, tables)
    assert said.startswith(message)
    assert remedy in said
