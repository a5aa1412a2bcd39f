"""The parameters of a link's query that are recorded with a scan, and may go on to its destination."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.brand.item import Mistake, Part
from schemas.identifiers.fields import Holds, holds
from schemas.identifiers.links import UTM
from schemas.identifiers.types import TYPES
from schemas.matching.traits import RAW

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,50}")
MAX_PARAMETERS: Final = 20
"""Beside the campaign parameters."""
_PERSONAL: Final = frozenset((*TYPES, *RAW, "mail", "e-mail", "e_mail", "name", "first_name", "last_name", "surname"))


class Query(Part, frozen=True):
    """Which parameters of a link count beside ``utm_…``: all others are neither stored nor passed on, whatever they
    hold. Names are compared in any case.

    ``pass_on`` adds them to the destination's query, unless the destination has a parameter of the name itself.
    """

    parameters: tuple[str, ...] = ()
    pass_on: bool = False

    def mistakes(self) -> Iterator[Mistake]:
        seen: set[str] = set()
        for index, name in enumerate(self.parameters):
            field, key = f"query.parameters[{index}]", name.lower()
            if not _NAME.fullmatch(name):
                yield field, f"{name!r} must be 1 to 50 letters, digits, '_', '-' or '.'"
            elif UTM.fullmatch(key):
                yield field, f"{name!r} counts anyway, as every utm_… does"
            elif key in _PERSONAL or holds(name) is Holds.PHONE:
                yield field, f"{name!r} would store who somebody is: such a parameter of a link is never kept"
            elif key in seen:
                yield field, f"{name!r} is listed twice"
            seen.add(key)
        if len(self.parameters) > MAX_PARAMETERS:
            yield "query.parameters", f"lists {len(self.parameters)} names; {MAX_PARAMETERS} is the most"
