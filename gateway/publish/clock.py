"""The gateway's clock, held against Kafka's.

A machine may serve before it has asked for the time: days ahead or behind, or in 1970. Brokers stamp the records of
every topic themselves (`message.timestamp.type=LogAppendTime`), and each acknowledgement brings their time. A clock
that is far from it is not believed: until both agree again, the time of an event is Kafka's, carried on by the
monotonic clock.
"""

import logging
import time

log = logging.getLogger(__name__)
IMPLAUSIBLE_MS = 60_000
"""Further apart than any acknowledgement takes, and than clocks that somebody sets drift."""


class Clock:
    """Until the first acknowledgement it is the machine's. Called on the event loop; does not block."""

    def __init__(self) -> None:
        self._kafka_us: int | None = None
        """Kafka's time at ``_at_s`` of the monotonic clock, while the machine's is implausible."""
        self._at_s = 0.0
        self.ahead_s = 0.0
        """How far the machine's clock is ahead of Kafka's, in seconds; negative: behind."""

    @property
    def implausible(self) -> bool:
        """Whether the machine's clock is not believed."""
        return self._kafka_us is not None

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        if self._kafka_us is None:
            return time.time_ns() // 1000
        return self._kafka_us + int((time.monotonic() - self._at_s) * 1_000_000)

    def observe(self, kafka_ms: int) -> None:
        """Called with the broker's time of an acknowledgement that came just now."""
        ahead_ms = time.time_ns() // 1_000_000 - kafka_ms
        self.ahead_s = ahead_ms / 1000
        was = self.implausible
        if abs(ahead_ms) > IMPLAUSIBLE_MS:
            self._kafka_us, self._at_s = kafka_ms * 1000, time.monotonic()
            if not was:
                log.error("this machine's clock is not believed: %s", self.describe())
        elif was:
            self._kafka_us = None
            log.info("this machine's clock agrees with Kafka's again")

    def describe(self) -> str:
        """How far the clocks are apart, in words."""
        side = "ahead of" if self.ahead_s > 0 else "behind"
        return f"it is {abs(self.ahead_s):.0f} s {side} Kafka's; events get Kafka's time"
