"""When Python looks for cycles in a worker: while nothing waits, and hardly ever else.

Events and states have no cycles among them, but a few hundred new ones make Python look for some. With a batch of
records and the states at hand there is much to look at: a phone whose scan comes at that moment waits 20-100 ms.
"""

import asyncio
import gc
from collections.abc import Callable

GC_AFTER = 1_000_000
"""New objects after which Python looks all the same: in a worker that is never at rest."""
LOOK_EVERY_S = 10.0
"""What connections, tasks and timeouts leave behind until then takes one to ten milliseconds to look at."""


def collect_rarely() -> None:
    """What is there now stays for good: nothing looks at it again."""
    gc.set_threshold(GC_AFTER, 20, 100)
    gc.freeze()


async def collect_at_rest(is_idle: Callable[[], bool], every_s: float = LOOK_EVERY_S) -> None:
    """Looks now and then for cycles among what is new, unless something waits to be taken at that moment."""
    while True:
        await asyncio.sleep(every_s)
        if is_idle():
            gc.collect(1)
