"""How many unknown codes may be tried: who guesses is stopped long before a guess succeeds."""

from collections import OrderedDict
from typing import Final

ALL_PER_S: Final = 20.0
ALL_BURST: Final = 200.0
KEY_PER_S: Final = 5.0
KEY_BURST: Final = 50.0
"""Of one key: no single one can use up what all have together."""
MAX_KEYS: Final = 10_000


class Misses:
    """Leaky buckets of what was tried in vain, of all keys together and of each; of this gateway."""

    def __init__(self) -> None:
        self._all = (0.0, 0.0)
        self._keys: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> float:
        """How long a key has to wait before it may try again; 0: not at all. :param now_s: of a monotonic clock."""
        of_all = _left(self._all, ALL_PER_S, now_s) - ALL_BURST
        of_key = _left(self._keys.get(key, (0.0, now_s)), KEY_PER_S, now_s) - KEY_BURST
        return max(0.0, (of_all + 1) / ALL_PER_S, (of_key + 1) / KEY_PER_S)

    def count(self, key: str, now_s: float) -> None:
        """A code was unknown."""
        self._all = (_left(self._all, ALL_PER_S, now_s) + 1, now_s)
        self._keys[key] = (_left(self._keys.pop(key, (0.0, now_s)), KEY_PER_S, now_s) + 1, now_s)
        if len(self._keys) > MAX_KEYS:
            self._keys.popitem(last=False)


def _left(bucket: tuple[float, float], per_s: float, now_s: float) -> float:
    level, then_s = bucket
    return max(0.0, level - (now_s - then_s) * per_s)
