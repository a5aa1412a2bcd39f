"""Shared identifiers recover: limits look at neighbours of one time, and changed limits apply to what exists."""

import random

import pytest

from deploy.operate.identity.limits import signal
from tests.support.identity.builders import brand, event, linked
from tests.support.identity.network import Network
from tests.support.identity.outcome import Outcome, Run
from tests.support.seeds import draw_seed

DAY, MONTH = 86_400, 30 * 86_400
OWNER = event(0, "customer:anna", "email:anna")
KIOSK = '{"device_class":"kiosk"}'


def test_a_customer_of_two_years_with_many_browsers_stays_one_person(run: Run) -> None:
    browsers = [f"device:{month}" for month in range(15)]
    found = run([OWNER, *(event(at * MONTH, "email:anna", one) for at, one in enumerate(browsers))])
    assert found.one("customer:anna", "email:anna", *browsers)


def test_an_address_that_many_share_at_one_time_joins_none_of_them(run: Run) -> None:
    colleagues = [event(at * DAY, "email:office", f"device:{at}") for at in range(11)]
    found = run([*colleagues, event(400 * DAY, "customer:anna", "email:office")])
    assert found.apart("email:office", *(f"device:{at}" for at in range(11)))
    assert {found.status("email:office", f"device:{at}") for at in range(11)} == {"hub"}
    assert found.one("customer:anna", "email:office")


def test_who_still_uses_an_address_when_the_others_have_left_is_joined_with_it(run: Run) -> None:
    crowd = [event(at * DAY, "email:office", f"device:{at}") for at in range(11)]
    found = run([*crowd, event(400 * DAY, "email:office", "device:3", name="again")])
    assert found.one("email:office", "device:3")
    assert found.apart("email:office", "device:2", "device:4")


def test_the_window_is_the_brands(run: Run) -> None:
    browsers = [event(month * MONTH, "email:anna", f"device:{month}") for month in range(15)]
    found = run([OWNER, *browsers], brand(window_days=365))
    assert found.status("customer:anna", "email:anna") == "hub"


def test_an_operator_links_a_shared_identifier_and_a_shared_device(run: Run) -> None:
    crowd = [event(at, "email:anna", f"device:{at}") for at in range(1, 11)]
    found = run([OWNER, *crowd, linked(99, "customer:anna", "email:anna")])
    assert found.one("customer:anna", "email:anna") and found.apart("email:anna", "device:1")
    kiosk = event(1, "customer:anna", "device:own", properties=KIOSK)
    assert run([kiosk, linked(5, "customer:anna", "device:own")]).one("customer:anna", "device:own")


def test_of_more_devices_than_a_person_may_have_the_newest_count(run: Run) -> None:
    devices = [f"device:{at}" for at in range(25)]
    shown = [event(1 + at * DAY, "customer:anna", one) for at, one in enumerate(devices)]
    found = run([*shown, event(600 * DAY, "customer:anna", "device:2", name="used again")])
    assert found.one("customer:anna", "device:2", *devices[6:])
    assert found.apart("customer:anna", *devices[:2], *devices[3:6])
    assert found.status("customer:anna", "device:5") == "too_many:device"


def test_the_core_of_a_person_is_not_torn_by_too_many_devices(run: Run) -> None:
    """Twelve devices by the number, and twelve by the address: the newest twenty of all."""
    by_number = [event(1 + 2 * at, "customer:anna", f"device:{at}") for at in range(12)]
    by_address = [event(100 + 20 * at * DAY, "email:anna", f"device:{20 + at}") for at in range(12)]
    found = run([*by_number, *by_address, event(90, "customer:anna", "email:anna")])
    assert found.one("customer:anna", "email:anna", *(f"device:{20 + at}" for at in range(12)))
    assert found.one("customer:anna", *(f"device:{at}" for at in range(4, 12)))
    assert found.apart("customer:anna", *(f"device:{at}" for at in range(4)))


@pytest.mark.parametrize("early", [False, True])
def test_a_raised_limit_applies_to_what_exists_without_another_event(early: bool) -> None:
    """Also when the signal comes before the brand."""
    low, high = brand(), brand(neighbours={"email": 100})
    crowd = [event(at, "email:anna", f"device:{at}") for at in range(1, 11)]
    network = Network(low, random.Random(draw_seed()), 4, crashes=0.02)
    network.run([OWNER, *crowd, *(event(999, one) for one in ("email:anna", "device:1", "device:10"))])
    assert Outcome(network).apart("customer:anna", "email:anna", "device:1")
    for one in ("customer:anna", "email:anna", "device:10"):
        network.signal(signal(one, high.brand.version, "run", OWNER.occurred_at))
    if early:
        network.run((), steps=40)
    network.reference = high
    network.run(())
    found = Outcome(network)
    assert found.one("customer:anna", "email:anna", "device:1", "device:10")
    assert found.status("customer:anna", "email:anna") == "linked"


def test_a_raised_size_of_a_person_releases_the_quarantine() -> None:
    low, high = brand(person_size=3), brand(person_size=9, per_person={"device": 5})
    shown = [event(at, "customer:anna", f"device:{at}") for at in range(5)]
    network = Network(low, random.Random(draw_seed()), 4)
    network.run([*shown, *(event(99, f"device:{at}") for at in range(5))])
    assert Outcome(network).status("customer:anna", "device:4") == "person_size"
    network.reference = high
    network.signal(signal("device:4", "", "run", OWNER.occurred_at))
    network.run(())
    assert Outcome(network).one("customer:anna", *(f"device:{at}" for at in range(5)))
