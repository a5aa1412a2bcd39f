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
from processors.context.state import Part
from processors.step import Emit
from processors.world import World
from tests.stories.stage import Stage
from tests.stories.telling import Chapter, at, scan, told
from tests.stories.test_laws import lawful
from tests.stories.world import world

Context = Callable[[World], Stage]
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"

MOMENTS: list[tuple[str, Chapter, str, bool]] = [
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
def test_a_store_is_open_by_its_own_clock(context: Context, tag: str, moment: Chapter, local: str, open: bool) -> None:
    [emit] = context(world()).hears(*told(moment, scan(tag)))
    assert isinstance(emit, Emit)
    inputs: dict[str, Any] = msgspec.json.decode(emit.event.inputs)
    assert (inputs["local_time"], inputs["open"]) == (local, open)


@lawful
@given(
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(1972, 7, 1), datetime(2099, 12, 31), timezones=st.just(UTC)),
)
def test_the_clock_on_the_wall_is_right_in_every_zone(zone: str, instant: datetime) -> None:
    now = world()
    store = msgspec.structs.replace(now.brand.stores["mitte"], time_zone=zone)
    now.brand.stores["mitte"] = store
    [event] = told(at(instant.isoformat(), "UTC"), scan("shelf"))
    situation = gather(Part(), event, now.brand.tags["shelf"], now)
    assert situation.local_time == instant.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
