"""The planted bugs that the simulation has to find, by title, each with the scenarios that could find it."""

from collections.abc import Sequence
from types import ModuleType

from tests.chaos.simulation import core_bugs, erasure_bugs, limit_bugs, shell_bugs, till_bugs, timer_bugs
from tests.chaos.simulation.erasing import ERASING
from tests.chaos.simulation.limits import CLAIMING
from tests.chaos.simulation.planting import PLANTED, Bug
from tests.chaos.simulation.reminding import REMINDING
from tests.chaos.simulation.scenarios import ANY_ORDER, JOINED, ORDER_KEPT, RAISING, Scenario
from tests.chaos.simulation.sent_again import SENT_AGAIN
from tests.chaos.simulation.tills import REDEEMING

SCENARIOS: Sequence[Scenario] = (*ORDER_KEPT, *ANY_ORDER, JOINED, RAISING, SENT_AGAIN, *REMINDING, *ERASING)
BUGS: dict[str, Bug] = dict(PLANTED)
FROM: dict[ModuleType, Sequence[Scenario]] = {
    shell_bugs: SCENARIOS,
    core_bugs: (*ORDER_KEPT, *ANY_ORDER, JOINED, SENT_AGAIN),
    timer_bugs: REMINDING,
    erasure_bugs: ERASING,
    limit_bugs: (CLAIMING,),
    till_bugs: (REDEEMING,),
}
"""The modules that fill it, and where their bugs show."""


def scenarios_of(title: str) -> Sequence[Scenario]:
    """Those in which the bug is looked for."""
    return next(where for module, where in FROM.items() if module.__name__ == BUGS[title].__module__)
