"""Memory of the whole embedded stack after an import of PathData: PSS of every process, the supervisor included."""

import itertools

from tests import pathdata
from tests.bench.figures import Figure, shown
from tests.bench.ground import Ground, NotMeasured
from tests.bench.machine import by_pid, family, pss_mb
from tests.stack.whole import Street, wait_until, write_lines

IMPORT_TIMEOUT_S = 900
SINK_TIMEOUT_S = 300


def measure(ground: Ground) -> list[Figure]:
    count = ground.size(400_000, 10_000)
    ground.say("writing PathData as events")
    file = write_lines(ground.folder / "pathdata.jsonl", itertools.islice(pathdata.events(), count))
    lines = sum(1 for _ in file.open())
    with ground.street() as street:
        street.scan()
        before = _pss(street)
        ground.say(f"importing {lines:,} events")
        imported = street.footpath("import", str(file), timeout_s=IMPORT_TIMEOUT_S)
        if imported.returncode:
            raise NotMeasured(f"the import ended with {imported.returncode}: {imported.stdout}{imported.stderr}")
        ground.say(imported.stdout.strip())
        query = "SELECT count() FROM footpath.touchpoint_identified"
        wait_until(lambda: street.value(query) >= lines, SINK_TIMEOUT_S)
        after = _pss(street)
    by_process = ", ".join(f"{name} {shown(mb)}" for name, mb in sorted(after.items(), key=lambda one: -one[1]))
    title = f"memory of the whole stack after importing {lines:,} events"
    return [
        Figure(title, "GB", [sum(after.values()) / 1000], at_most=2.5, note=f"MB: {by_process}"),
        Figure("  before the import", "GB", [sum(before.values()) / 1000]),
    ]


def _pss(street: Street) -> dict[str, float]:
    """MB by process, each with its own children."""
    found = {name: sum(map(pss_mb, family(pid))) for name, pid in by_pid(street.run["processes"]).items()}
    supervisor = int((street.data / "lock").read_text())
    return {**found, "supervisor": pss_mb(supervisor)}
