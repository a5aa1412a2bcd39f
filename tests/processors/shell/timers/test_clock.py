"""What a worker takes for the brokers' time: never later than it is, whatever its own wall clock shows."""

from unittest.mock import patch

from processors.shell.timers import clock
from processors.shell.timers.clock import TURNED_BACK_MS, BrokerClock


def test_the_brokers_time_is_known_from_their_stamps_and_goes_on() -> None:
    with patch.object(clock, "_boot_ms", lambda: boot_ms):
        boot_ms = 1_000.0
        brokers = BrokerClock()
        assert brokers.now_ms() is None
        brokers.observe(50_000)
        boot_ms = 1_400.0
        assert brokers.now_ms() == 50_400
        brokers.observe(50_300)  # an acknowledgement that took a tenth of a second longer says nothing new
        assert brokers.now_ms() == 50_400
        brokers.observe(50_450)
        assert brokers.now_ms() == 50_450


def test_brokers_whose_clock_was_set_back_are_followed() -> None:
    with patch.object(clock, "_boot_ms", lambda: 0.0):
        brokers = BrokerClock()
        brokers.observe(1_000_000)
        brokers.observe(1_000_000 - TURNED_BACK_MS - 1)
        assert brokers.now_ms() == 1_000_000 - TURNED_BACK_MS - 1
