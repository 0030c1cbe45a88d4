"""The names of licences: which ways of writing stand for one identifier, and which words stand for none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 200
"""More characters are a text, not a name."""

# They stand where a licence is asked for and name none; the last two are what some exports make of nothing.
_SILENT = frozenset(
    {"", "other", "unknown", "none", "null", "n/a", "noassertion", "unspecified", "not specified", "notspecified"}
    | {"undefined", "nan"}
)
_ADDRESS = re.compile(r"https?://(?:www\.)?([^?#]*?)/*(?:[?#].*)?", re.IGNORECASE)
_ENDING = r"(?:\.(?:html|json|txt|php|en\.html))?"
# The addresses at which those who write or list licences publish them, each with the identifier that it stands for.
# They are compiled where an address is looked at.
_ADDRESSES = (
    (r"creativecommons\.org/licenses/((?:by|nc|nd|sa)(?:-(?:nc|nd|sa))*)/(\d\.\d)(?:/([a-z]{2,3}))?(?:/.*)?", "cc"),
    (r"creativecommons\.org/publicdomain/zero/1\.0(?:/.*)?", "cc0-1.0"),
    (r"creativecommons\.org/publicdomain/mark/1\.0(?:/.*)?", "cc-pdm-1.0"),
    (rf"spdx\.org/licenses/([a-z0-9.+-]+?){_ENDING}", ""),
    (rf"opensource\.org/licenses?/([a-z0-9.+-]+?){_ENDING}", "osi"),
    (r"choosealicense\.com/licenses/([a-z0-9.+-]+)", ""),
    (rf"apache\.org/licenses/license-2\.0{_ENDING}", "apache-2.0"),
    (rf"gnu\.org/licenses/(?:old-licenses/)?(a?gpl|lgpl)-(\d\.\d){_ENDING}", "gnu"),
    (rf"gnu\.org/licenses/(?:old-licenses/)?fdl-(\d\.\d){_ENDING}", "gfdl"),
    (r"opendatacommons\.org/licenses/by(?:/1[-.]0)?", "odc-by-1.0"),
    (r"opendatacommons\.org/licenses/odbl(?:/1[-.]0)?", "odbl-1.0"),
    (r"opendatacommons\.org/licenses/pddl(?:/1[-.]0)?", "pddl-1.0"),
    (r"cdla\.dev/(permissive|sharing)-(\d)-(\d)", "cdla"),
    (r"mozilla\.org/(?:en-us/)?mpl/2\.0", "mpl-2.0"),
    (r"unlicense\.org", "unlicense"),
)
# On opensource.org: /license/apache-2-0, /license/agpl-v3, /license/isc-license-txt, and formerly /licenses/mit-license
_OSI_ENDINGS = ((r"-license(-txt)?$", ""), (r"-(\d)-(\d)$", r"-\1.\2"), (r"-v(\d)$", r"-\1.0"))
_MAKERS: dict[str, Callable[[list[str]], str]] = {
    "": lambda parts: parts[0],
    "cc": lambda parts: "-".join(("cc", *filter(None, parts))),
    "osi": lambda parts: _identify_slug(parts[0]),
    "gnu": "-".join,
    "gfdl": lambda parts: f"gfdl-{parts[0]}",
    "cdla": lambda parts: f"cdla-{parts[0]}-{parts[1]}.{parts[2]}",
}
# Names that the SPDX License List and Hugging Face's list of licences give in full, without signs and letter case.
_FULL_NAMES = {
    **dict.fromkeys(("mit license", "the mit license", "mit licence"), "mit"),
    **dict.fromkeys(("apache license 2.0", "apache license version 2.0", "apache 2.0", "apache2.0"), "apache-2.0"),
    **dict.fromkeys(("bsd 2 clause simplified license", "bsd 2 clause license", "bsd 2 clause"), "bsd-2-clause"),
    **dict.fromkeys(("bsd 3 clause new or revised license", "bsd 3 clause license", "bsd 3 clause"), "bsd-3-clause"),
    **dict.fromkeys(("creative commons zero v1.0 universal", "cc0 1.0 universal", "cc0 1.0", "cc0"), "cc0-1.0"),
    "boost software license 1.0": "bsl-1.0",
    "community data license agreement permissive 1.0": "cdla-permissive-1.0",
    "community data license agreement permissive 2.0": "cdla-permissive-2.0",
    "community data license agreement sharing 1.0": "cdla-sharing-1.0",
    "gnu affero general public license v3.0": "agpl-3.0",
    "gnu general public license v2.0": "gpl-2.0",
    "gnu general public license v3.0": "gpl-3.0",
    "gnu lesser general public license v2.1": "lgpl-2.1",
    "gnu lesser general public license v3.0": "lgpl-3.0",
    "isc license": "isc",
    "mozilla public license 2.0": "mpl-2.0",
    "open data commons attribution license v1.0": "odc-by-1.0",
    "open data commons open database license v1.0": "odbl-1.0",
    "open data commons public domain dedication & license 1.0": "pddl-1.0",
    "the unlicense": "unlicense",
}
_SIGNS = re.compile(r"[\s,_()\"'\u201c\u201d\u2013-]+")
_CREATIVE_COMMONS = (
    r"(?:creative commons|cc) (?:attribution|by)( non ?commercial| nc)?( no ?deriv(?:ative)?s| nd)?( share ?alike| sa)?"
    r"( non ?commercial| nc)? v?(\d\.\d)(?: (?:international|unported|generic))?(?: license)?"
)
# Two identifiers of one licence: that of Hugging Face or of the Open Definition, and that of SPDX.
_TWINS = {
    "c-uda": "c-uda-1.0",
    "cc-by-nd-nc-1.0": "cc-by-nc-nd-1.0",
    "lgpllr": "lgpl-lr",
    "odbl": "odbl-1.0",
    "odc-by": "odc-by-1.0",
    "odc-odbl-1.0": "odbl-1.0",
    "odc-pddl-1.0": "pddl-1.0",
    "pddl": "pddl-1.0",
}
_EDITION = re.compile(r"(.+?)(?:\+|-only|-or-later)")
_TOKEN = re.compile(r"[()]|[^\s()]+")


def is_name(text: str) -> bool:
    """Whether a text can be a licence's name: short, on one line, and nothing in it that cannot be seen."""
    return len(text) <= LONGEST and text.isprintable()


def identify(text: str) -> str:
    """The identifier that an address or a name in full stands for; a text that stands for none as it is."""
    text = text.strip()
    if not is_name(text):
        return text
    address = _ADDRESS.fullmatch(text)
    if address is not None:
        return _identify_address(address[1].lower()) or text
    plain = " ".join(_SIGNS.sub(" ", text.lower()).split())
    found = _FULL_NAMES.get(plain) or _identify_creative_commons(plain)
    # What is the identifier but for its letters stays as its author wrote it.
    return text if found in ("", text.lower()) else found


def _identify_address(address: str) -> str:
    for pattern, name in _ADDRESSES:
        match = re.fullmatch(pattern, address)
        if match is not None:
            make = _MAKERS.get(name)
            return make([*match.groups()]) if make else name
    return ""


def _identify_slug(slug: str) -> str:
    for ending, replacement in _OSI_ENDINGS:
        slug = re.sub(ending, replacement, slug)
    return slug


def _identify_creative_commons(plain: str) -> str:
    match = re.fullmatch(_CREATIVE_COMMONS, plain) if plain.startswith("c") else None
    if match is None:
        return ""
    non_commercial, no_derivatives, share_alike, late, version = match.groups()
    parts = ("nc" if non_commercial or late else "", "nd" if no_derivatives else "", "sa" if share_alike else "")
    return "-".join(("cc-by", *filter(None, parts), version))


def is_silent(text: str) -> bool:
    """Whether a text stands where a licence is asked for and names none."""
    return identify(text).strip().lower() in _SILENT


def are_same(one: str, other: str) -> bool:
    """Whether two texts name one licence, or join the same licences in the same way."""
    return _unify(one) == _unify(other)


def is_plainer(one: str, other: str) -> bool:
    """Whether one names what the other does, but not whether later versions may be taken, such as `gpl-3.0`."""
    edition = _EDITION.fullmatch(_unify_name(other))
    return edition is not None and edition[1] == _unify_name(one)


def list_parts(expression: str) -> set[str]:
    """The licences that an expression names, each as it is told from others."""
    words = _TOKEN.findall(identify(expression))
    return {_unify_name(word) for word in words if word not in ("(", ")") and word.lower() not in ("and", "or", "with")}


def _unify(expression: str) -> object:
    """A value that is equal for expressions which say the same, as far as order and spelling go."""
    words = _TOKEN.findall(identify(expression))
    if len(words) < 2:
        return _unify_name(expression)
    signs = {word.lower() for word in words[1::2]}
    if len(words) % 2 and len(signs) == 1 and signs <= {"and", "or"}:
        return signs.pop(), frozenset(map(_unify_name, words[::2]))
    return tuple(map(_unify_name, words))


def _unify_name(text: str) -> str:
    name = identify(text).lower()
    return _TWINS.get(name, name)
