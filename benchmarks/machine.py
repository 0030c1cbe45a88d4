"""What the measurements were made on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "tunegate",
    "PyYAML",
    "pydantic",
    "click",
    "pluggy",
    "hashimori",
    "cel-expr-python",
    "cedarpy",
    "jsonschema-rs",
    "regopy",
)


def describe_machine() -> str:
    """Processor, cores, system, Python, and the versions of what is compared."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [
        f"machine: {name_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; {python}",
        f"packages: {', '.join(f'{name} {find_version(name)}' for name in PACKAGES)}",
    ]
    return "\n".join(lines)


def name_processor() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def find_version(package: str) -> str:
    """The installed version, or that there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
