"""The frameworks that policies name in `controls`, and their requirements, labelled in words of our own.

The labels say what a policy can contribute to; the texts of the frameworks are their publishers'.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAMEWORKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "nist-ai-rmf": "NIST AI RMF 1.0",
        "eu-ai-act": "EU AI Act (Regulation (EU) 2024/1689)",
        "iso-42001": "ISO/IEC 42001:2023, Annex A",
    }
)
LABELS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("nist-ai-rmf", "GOVERN 1.1"): "Legal duties are known and kept",
        ("nist-ai-rmf", "GOVERN 1.4"): "Risk management is set up openly",
        ("nist-ai-rmf", "GOVERN 1.6"): "There is an inventory of systems",
        ("nist-ai-rmf", "GOVERN 2.1"): "Who answers for what is written down",
        ("nist-ai-rmf", "GOVERN 6.1"): "Rights and risks of third parties' parts",
        ("nist-ai-rmf", "MANAGE 1.1"): "Whether to go on is decided",
        ("nist-ai-rmf", "MANAGE 2.1"): "Other ways, without AI too, are weighed",
        ("nist-ai-rmf", "MANAGE 2.2"): "What is deployed keeps its value",
        ("nist-ai-rmf", "MANAGE 3.1"): "Third parties' parts are watched",
        ("nist-ai-rmf", "MANAGE 3.2"): "Pre-trained models are watched",
        ("nist-ai-rmf", "MAP 1.1"): "Purpose and setting are known",
        ("nist-ai-rmf", "MAP 2.1"): "Task and method are named",
        ("nist-ai-rmf", "MAP 2.3"): "Sound design of data and tests",
        ("nist-ai-rmf", "MAP 3.1"): "The benefit is looked into",
        ("nist-ai-rmf", "MAP 3.2"): "The costs are looked into",
        ("nist-ai-rmf", "MAP 3.3"): "The scope of use is set",
        ("nist-ai-rmf", "MAP 3.5"): "People oversee it",
        ("nist-ai-rmf", "MAP 4.1"): "Legal risks of parts are mapped",
        ("nist-ai-rmf", "MEASURE 2.1"): "Test sets and metrics are on record",
        ("nist-ai-rmf", "MEASURE 2.3"): "Performance is measured",
        ("nist-ai-rmf", "MEASURE 2.7"): "Security is tested",
        ("nist-ai-rmf", "MEASURE 2.10"): "Privacy risks are examined",
        ("eu-ai-act", "Annex IV"): "Contents of the technical documentation",
        ("eu-ai-act", "Art. 10"): "Data and data governance",
        ("eu-ai-act", "Art. 11"): "Technical documentation",
        ("eu-ai-act", "Art. 12"): "Records are kept",
        ("eu-ai-act", "Art. 13"): "Transparency to deployers",
        ("eu-ai-act", "Art. 14"): "Human oversight",
        ("eu-ai-act", "Art. 15"): "Accuracy, robustness and security",
        ("eu-ai-act", "Art. 53"): "Duties for general-purpose models",
        ("iso-42001", "A.6.2.2"): "Requirements of the system are set",
        ("iso-42001", "A.6.2.3"): "Design and development are documented",
        ("iso-42001", "A.6.2.4"): "The system is verified and validated",
        ("iso-42001", "A.6.2.5"): "Deployment is planned",
        ("iso-42001", "A.6.2.6"): "Operation is monitored",
        ("iso-42001", "A.6.2.7"): "Technical documentation",
        ("iso-42001", "A.7.2"): "Data for development is managed",
        ("iso-42001", "A.7.3"): "Where data comes from is recorded",
        ("iso-42001", "A.7.4"): "The quality of data is ensured",
        ("iso-42001", "A.7.5"): "The provenance of data is traced",
        ("iso-42001", "A.7.6"): "Data is prepared by set methods",
        ("iso-42001", "A.10.3"): "Suppliers are managed",
    }
)


def name_framework(framework: str) -> str:
    """What people call it; its id where an organisation brought it."""
    return FRAMEWORKS.get(framework, framework)
