"""The planted bugs that the simulation has to find, by title."""

from tests.chaos.simulation import core_bugs, erasure_bugs, shell_bugs, till_bugs, timer_bugs
from tests.chaos.simulation.planting import PLANTED, Bug

BUGS: dict[str, Bug] = dict(PLANTED)
FROM = (shell_bugs, core_bugs, timer_bugs, erasure_bugs, till_bugs)
"""The modules that fill it."""
