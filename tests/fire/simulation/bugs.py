"""The list of bugs to plant on purpose."""

from tests.fire.simulation import bugs_of_the_cores, bugs_of_the_shell
from tests.fire.simulation.planting import PLANTED, Bug

BUGS: dict[str, Bug] = dict(PLANTED)
FROM = (bugs_of_the_shell, bugs_of_the_cores)
"""The modules that fill it."""
