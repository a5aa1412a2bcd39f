"""Context: is the store open? By its own clock, on days with a missing hour or one twice, and past midnight."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context.situation import gather
from processors.context.state import VisitorPart
from processors.reference import Reference
from processors.step import Emit
from tests.support.builders import EventSpec, at, build_events, scan
from tests.support.harness import Harness
from tests.support.histories import lawful
from tests.support.reference import reference, route

Context = Callable[[Reference], Harness]
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"

MOMENTS: list[tuple[str, EventSpec, str, bool]] = [
    ("shelf", at("2026-03-02T07:59:59", BERLIN), "2026-03-02T07:59:59+01:00", False),
    ("shelf", at("2026-03-02T08:00", BERLIN), "2026-03-02T08:00:00+01:00", True),
    ("shelf", at("2026-03-02T20:00", BERLIN), "2026-03-02T20:00:00+01:00", False),
    ("shelf", at("2026-03-01T12:00", BERLIN), "2026-03-01T12:00:00+01:00", False),  # a Sunday
    # One instant, two stores: noon in Berlin is six in the morning in New York.
    ("shelf", at("2026-03-02T11:00", "UTC"), "2026-03-02T12:00:00+01:00", True),
    ("overseas", at("2026-03-02T11:00", "UTC"), "2026-03-02T06:00:00-05:00", False),
    # For three weeks of March the two are five hours apart and not six.
    ("overseas", at("2026-03-09T12:00", "UTC"), "2026-03-09T08:00:00-04:00", True),
    ("shelf", at("2026-03-09T12:00", "UTC"), "2026-03-09T13:00:00+01:00", True),
    # The hour that is not there, and the hour that comes twice, in a bar that closes at four.
    ("bar", at("2026-03-29T01:59:59", BERLIN), "2026-03-29T01:59:59+01:00", True),
    ("bar", at("2026-03-29T01:00:00", "UTC"), "2026-03-29T03:00:00+02:00", True),
    ("bar", at("2026-03-29T02:00:00", "UTC"), "2026-03-29T04:00:00+02:00", False),
    ("bar", at("2026-10-25T02:30", BERLIN, fold=0), "2026-10-25T02:30:00+02:00", True),
    ("bar", at("2026-10-25T02:30", BERLIN, fold=1), "2026-10-25T02:30:00+01:00", True),
    ("bar", at("2026-10-25T04:00", BERLIN), "2026-10-25T04:00:00+01:00", False),
    ("overseas", at("2026-11-01T08:00", NEW_YORK), "2026-11-01T08:00:00-05:00", False),  # a Sunday too
    # Past midnight belongs to the evening before, also over the end of a month and on a leap day.
    ("bar", at("2026-03-02T19:59", BERLIN), "2026-03-02T19:59:00+01:00", False),
    ("bar", at("2026-03-01T00:30", BERLIN), "2026-03-01T00:30:00+01:00", True),
    ("bar", at("2028-02-29T23:59", BERLIN), "2028-02-29T23:59:00+01:00", True),
    ("bar", at("2028-03-01T03:59", BERLIN), "2028-03-01T03:59:00+01:00", True),
]


@pytest.mark.parametrize(
    ("tag", "moment", "local", "open"), MOMENTS, ids=lambda v: str(v) if isinstance(v, str) else ""
)
def test_a_store_is_open_by_its_own_clock(
    context: Context, tag: str, moment: EventSpec, local: str, open: bool
) -> None:
    [emit] = context(reference()).apply(*build_events(moment, scan(tag)))
    assert isinstance(emit, Emit)
    inputs: dict[str, Any] = msgspec.json.decode(emit.event.inputs)
    assert (inputs["local_time"], inputs["open"]) == (local, open)


@lawful
@given(
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(1972, 7, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),
)
def test_the_clock_on_the_wall_is_right_in_every_zone(zone: str, instant: datetime) -> None:
    now = reference()
    store = msgspec.structs.replace(now.brand.stores["mitte"], time_zone=zone)
    now.brand.stores["mitte"] = store
    [event] = build_events(at(instant.isoformat(), "UTC"), scan("shelf"))
    situation = gather(VisitorPart(), event, now.brand.tags["shelf"], now)
    assert situation.local_time == instant.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("hours", "where", "moment", "answered", "lost_because"),
    [
        # Panama's independence from Spain.
        ("24/7; PH off", {"country": "PA"}, "2026-11-28T12:00", "closed", ["store is closed", ""]),
        ("24/7; PH off", {"country": "PA"}, "2026-11-29T12:00", "open", ["", "store is open"]),
        # Epiphany, in Bavaria and in Berlin.
        ("24/7; PH off", {"region": "BY"}, "2026-01-06T12:00", "closed", ["store is closed", ""]),
        ("24/7; PH off", {"region": "BE"}, "2026-01-06T12:00", "open", ["", "store is open"]),
        ('24/7 unknown "ring the bell"', {}, "2026-03-02T12:00", "fallback", ["opening hours are unknown"] * 2),
        ("sunrise-sunset", {"coordinates": (52.52, 13.4)}, "2026-06-21T05:30", "open", ["", "store is open"]),
        ("sunrise-sunset", {"coordinates": (52.52, 13.4)}, "2026-12-21T07:30", "closed", ["store is closed", ""]),
    ],
)
def test_holidays_and_the_sun_are_those_of_the_store_and_what_is_unknown_is_neither_open_nor_closed(
    context: Context, hours: str, where: dict[str, Any], moment: str, answered: str, lost_because: list[str]
) -> None:
    now = reference(route("open", 10, open=True), route("closed", 9, open=False))
    store = msgspec.structs.replace(now.brand.stores["mitte"], hours=hours, **where)
    now = Reference(msgspec.structs.replace(now.brand, stores=now.brand.stores | {"mitte": store}))
    [effect] = context(now).apply(*build_events(at(moment, BERLIN), scan("shelf")))
    assert isinstance(effect, Emit)
    assert effect.event.route == answered  # type: ignore[attr-defined]
    assert [candidate.lost_because for candidate in effect.event.candidates] == lost_because  # type: ignore[attr-defined]
