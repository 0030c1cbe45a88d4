"""A plugin, to be named by a policy set: what Presidio recognises as personal data beyond the scan's own detectors.

It needs the extra `presidio`, and for the names of people and places a language model of spaCy beside it. What the
scan has counted already is not counted again.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from policy.errors import Problem
from policy.evidence.scan.collector import DataScan
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.spans import Family, Span, find_spans
from policy.plugins.contracts import Evidence
from policy.plugins.hookspecs import hookimpl
from policy.plugins.metering import find_meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.evidence.scan.files import FileScan
    from policy.plugins.contracts import Collector, Project

LANGUAGE = "en"
MODELS = ("en_core_web_trf", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
LIKELY = 0.6
"""Below it are numbers that a driving licence could have, and as many others."""
# Dates and addresses of the web say nothing of a person by themselves.
_HARMLESS = ("DATE_TIME", "URL", "NRP")
# It asks the network for a list of domains; and the scan finds e-mail addresses itself.
_LEFT_OUT = ("EmailRecognizer", "UrlRecognizer")
_INSTALL = "`pip install 'tunegate[presidio]'`"
_LONGEST = 100_000


class PresidioScan(DataScan):
    """Counts what Presidio recognises in the files that a manifest or a training config names."""

    name = "Presidio"
    observes = ("data.personal_data",)

    def __init__(self) -> None:
        super().__init__()
        self._finder: PresidioFinder | None = None

    def collect(self, project: Project) -> Evidence:
        if find_spec("presidio_analyzer") is None:
            reason = f"presidio-analyzer is not installed: {_INSTALL}"
            problem = Problem(reason, "install it, or leave the plugin out", level="warning")
            return Evidence((), (problem,), dict.fromkeys(self.observes, reason))
        found = super().collect(project)
        if self._finder is None or self._finder.model:
            return found
        message = "Presidio finds no language model of spaCy: names of people and places are not looked for"
        remedy = f"install one beside it: {', '.join(MODELS)}"
        return found._replace(problems=(*found.problems, Problem(message, remedy, level="warning")))

    def _look_into(self, root: str, real: str) -> FileScan:
        from policy.evidence.scan.files import scan_file

        self._finder = self._finder or PresidioFinder()
        return scan_file(real, (Family(PERSONAL_DATA.name, (self._finder.find,)),))


class PresidioFinder:
    """Presidio's analyser, with the best language model that is installed; `model` is empty without one."""

    def __init__(self) -> None:
        import spacy
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        # Its messages may quote what it looks at.
        logging.getLogger("presidio-analyzer").disabled = True
        self.model = next((name for name in MODELS if spacy.util.is_package(name)), "")
        engine = SpacyNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": self.model or "blank"}])
        engine.nlp = {LANGUAGE: spacy.load(self.model) if self.model else spacy.blank(LANGUAGE)}
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=[LANGUAGE], nlp_engine=engine)
        for name in _LEFT_OUT:
            registry.remove_recognizer(name)
        self._analyser: Any = AnalyzerEngine(registry, engine, supported_languages=[LANGUAGE])

    def find(self, text: bytes) -> Iterator[Span]:
        """The spans of a text that overlap none of the scan's own."""
        start, meter = 0, find_meter()
        for line in text.splitlines(keepends=True):
            meter.check_time()
            own = [(span.start, span.end) for span in find_spans(PERSONAL_DATA, line)]
            for span in self._recognise(line):
                if not any(span.start < end and begin < span.end for begin, end in own):
                    yield span._replace(start=start + span.start, end=start + span.end)
            start += len(line)

    def _recognise(self, line: bytes) -> Iterator[Span]:
        """What Presidio finds in a line, as spans of its bytes; a long line is looked at in pieces."""
        for at in range(0, len(line), _LONGEST):
            text, encoding = _decode(line[at : at + _LONGEST])
            for found in self._analyser.analyze(text, language=LANGUAGE, score_threshold=LIKELY):
                if found.entity_type not in _HARMLESS:
                    begin = at + len(text[: found.start].encode(encoding))
                    end = begin + len(text[found.start : found.end].encode(encoding))
                    yield Span(begin, end, found.entity_type.lower().replace("_", "-"))


def _decode(piece: bytes) -> tuple[str, str]:
    """The text and its encoding; of what is no UTF-8 one character a byte, so that positions are right."""
    try:
        return piece.decode(), "utf-8"
    except UnicodeDecodeError:
        return piece.decode("latin-1"), "latin-1"


@hookimpl
def collectors() -> list[Collector]:
    """The one collector of this plugin."""
    return [PresidioScan()]
