"""Memory of the whole embedded stack after an import of PathData: PSS of every process, the supervisor included."""

import itertools

from tests.bench.environment import BenchEnvironment
from tests.bench.figures import Figure, format_number
from tests.bench.machine import process_tree, pss_mb, unique_processes
from tests.bench.process import NotMeasured
from tests.support import pathdata
from tests.support.full_stack import FullStack, wait_until, write_lines

IMPORT_TIMEOUT_S = 900
SINK_TIMEOUT_S = 300


def measure(environment: BenchEnvironment) -> list[Figure]:
    count = environment.size(400_000, 10_000)
    environment.progress("writing PathData as a file of events")
    file = write_lines(environment.folder / "pathdata.jsonl", itertools.islice(pathdata.events(), count))
    lines = sum(1 for _ in file.open())
    with environment.full_stack() as stack:
        stack.scan()
        before = _pss(stack)
        environment.progress(f"importing {lines:,} events")
        imported = stack.footpath("import", str(file), timeout_s=IMPORT_TIMEOUT_S)
        if imported.returncode:
            raise NotMeasured(f"the import ended with {imported.returncode}: {imported.stdout}{imported.stderr}")
        environment.progress(imported.stdout.strip())
        query = "SELECT count() FROM footpath.touchpoint_identified"
        wait_until(lambda: stack.value(query) >= lines, timeout_s=SINK_TIMEOUT_S)
        after = _pss(stack)
    by_process = ", ".join(f"{name} {format_number(mb)}" for name, mb in sorted(after.items(), key=lambda one: -one[1]))
    title = f"memory of the whole stack after importing {lines:,} events"
    return [
        Figure(title, "GB", [sum(after.values()) / 1000], at_most=2.5, note=f"MB: {by_process}"),
        Figure("  before the import", "GB", [sum(before.values()) / 1000]),
    ]


def _pss(stack: FullStack) -> dict[str, float]:
    """PSS in MB by process, each with its descendants."""
    by_process = {
        name: sum(map(pss_mb, process_tree(pid))) for name, pid in unique_processes(stack.run["processes"]).items()
    }
    supervisor = int((stack.data / "lock").read_text())
    return {**by_process, "supervisor": pss_mb(supervisor)}
