"""The files that a policy set was read from, by their digests: `policy-sources/1`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "policy-sources/1"
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_TEXTS: Final = ("digest", "name", "engine")
_LISTS: Final = ("layers", "plugins")
_MAPPINGS: Final = ("files", "links", "absolute", "tables")
_NESTED: Final = ("sources", "bundles")


class Sources(NamedTuple):
    """What a policy set of this digest was read from; `config` is its own file, None for the catalogue as it is.

    `files` map paths from the root of its positions, which may lead above it, to digests, and `links` such paths to
    others. `absolute` maps names that are absolute paths to where that is from the root. `sources` are the folders of
    policies that have names, such as the catalogue, `bundles` those that are pinned, by the digests of their content,
    and `tables` the dated tables below all others. `fields` are those that plugins add; of plugins themselves only the
    names are kept, for what they told are facts. `masked` are files in which secrets are covered, with the kinds.
    """

    digest: str
    name: str
    engine: str
    config: str | None = None
    layers: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    fields: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, str] = NOTHING
    links: Mapping[str, str] = NOTHING
    absolute: Mapping[str, str] = NOTHING
    sources: Mapping[str, Mapping[str, str]] = NOTHING
    bundles: Mapping[str, Mapping[str, str]] = NOTHING
    tables: Mapping[str, str] = NOTHING
    masked: Mapping[str, tuple[str, ...]] = NOTHING


def encode_sources(sources: Sources) -> dict[str, Any]:
    """The document of some sources."""
    said = sources._asdict()
    nested = {key: {name: dict(files) for name, files in said[key].items()} for key in _NESTED}
    return {
        "format": FORMAT,
        **{key: said[key] for key in (*_TEXTS, "config")},
        **{key: list(said[key]) for key in _LISTS},
        **{key: dict(said[key]) for key in _MAPPINGS},
        **nested,
        "fields": [dict(field) for field in sources.fields],
        "masked": {file: list(kinds) for file, kinds in sources.masked.items()},
    }


def decode_sources(document: Any) -> Sources:
    """The sources of a document. Raises PolicyError."""
    if type(document) is not dict or document.get("format") != FORMAT or not _is_right(document):
        message = f"the recorded policy set cannot be read: it is not of the format {FORMAT}"
        raise PolicyError(Problem(message, "verify the ledger"))
    said = {key: value for key, value in document.items() if key in Sources._fields}
    masked = {file: tuple(kinds) for file, kinds in said["masked"].items()}
    lists = {key: tuple(said[key]) for key in (*_LISTS, "fields")}
    return Sources(**{**said, **lists, "masked": masked})


def _is_right(document: dict[str, Any]) -> bool:
    if not document.keys() >= set(Sources._fields):
        return False
    config, fields, masked = document["config"], document["fields"], document["masked"]
    return (
        all(type(document[key]) is str for key in _TEXTS)
        and (config is None or type(config) is str)
        and all(map(_is_texts, (document[key] for key in _LISTS)))
        and all(map(_is_mapping, (document[key] for key in _MAPPINGS)))
        and all(type(document[key]) is dict and all(map(_is_mapping, document[key].values())) for key in _NESTED)
        and type(fields) is list
        and all(type(field) is dict for field in fields)
        and type(masked) is dict
        and all(map(_is_texts, masked.values()))
    )


def _is_texts(value: Any) -> bool:
    return type(value) is list and all(type(text) is str for text in value)


def _is_mapping(value: Any) -> bool:
    return type(value) is dict and all(type(text) is str for text in value.values())
