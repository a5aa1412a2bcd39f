"""Dead identifiers: those of people whose data was erased. An identifier stays dead for ever.

What its person did until the erasure counts for nobody. Who comes back has another identifier: the next one, which
follows from the dead one and the time of its erasure. So nothing behind the gateway compares times; whatever still
names a dead identifier (late records, other gateways, replays) counts for nobody.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.events import ProfileErased
from schemas.identifiers.types import is_blocked

Dead = Mapping[str, int]
"""Identifiers (``type:hash``), each with the time of its erasure in microseconds."""
NOBODY_DEAD: Final[Dead] = MappingProxyType({})
EVER_AFTER: Final = (1 << 63) - 1
"""Later than any erasure: the time of what happens now, and of texts."""


NEVER_ERASED: Final = -1
"""Earlier than anything that happened."""


class DeadIdentifiers(dict[str, int]):
    """The dead identifiers that are known, which grow. Several threads may read them."""

    def add(self, event: ProfileErased) -> bool:
        """Whether the event says something new.

        Of several erasures of one identifier the earliest counts, in whatever order they are read: the identifiers
        that follow it must stay the same.
        """
        known = self.get(event.identifier, EVER_AFTER)
        if is_blocked(event.identifier) or event.occurred_at >= known:
            return False
        self[event.identifier] = event.occurred_at
        return True
