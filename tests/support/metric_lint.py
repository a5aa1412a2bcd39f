"""What `promtool check metrics` complains of, in short; with promtool itself where it is installed."""

import shutil
import subprocess

from prometheus_client.parser import text_string_to_metric_families

OWN = "footpath_"
WRONG_UNITS = ("ms", "milliseconds", "microseconds", "us", "minutes", "hours", "kb", "mb", "kilobytes", "megabytes")
RESERVED = ("_total", "_count", "_sum", "_bucket")


def problems(text: str) -> list[str]:
    """What is wrong with the metrics of a process, in Prometheus' text format."""
    found = []
    for family in text_string_to_metric_families(text):
        if not family.documentation:
            found.append(f"{family.name} has no help")
        if family.type == "unknown":
            found.append(f"{family.name} has no type")
        if not family.name.startswith(OWN):
            continue
        if family.name != family.name.lower() or any(unit in family.name.split("_") for unit in WRONG_UNITS):
            found.append(f"{family.name} is not in lower case and base units")
        if family.type == "gauge" and family.name.endswith(RESERVED):
            found.append(f"{family.name} is a gauge with the name of another type")
    if (promtool := shutil.which("promtool")) is not None:
        ran = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        if ran.returncode:
            found += (ran.stdout + ran.stderr).splitlines()
    return found
