"""A client of the events API that records which events were acknowledged."""

import json
import urllib.error
from http.client import HTTPException

from tests.support.client_thread import ClientThread
from tests.support.customers import CustomerEvents, Json
from tests.support.full_stack import FullStack

NEW_EVENTS, REPEATED_EVENTS = 105, 45
"""Events of each batch: new ones, and ones that were sent before."""
GIVE_UP_SHARE = 0.1
"""Share of the failed batches that are not sent again: whether the gateway stored them remains unknown."""
RESEND_BATCH = 500


class TillClient(ClientThread):
    """Posts batches of customers' events out of order, 30 % of them sent before, and repeats a batch until accepted."""

    pause_s = 0.4

    def __init__(self, stack: FullStack, seed: int, joining: bool = True) -> None:
        super().__init__(stack, seed)
        self.customers = CustomerEvents(seed, joining=joining)
        self.acknowledged: set[str] = set()
        """Ids of the events in accepted batches."""
        self.failed_batches = 0

    def run_once(self) -> None:
        sent_before = list(self.customers.generated.values())
        batch = self.customers.take(NEW_EVENTS)
        batch += self.random.choices(sent_before or batch, k=REPEATED_EVENTS)
        self.random.shuffle(batch)
        while not self._post(batch) and not self._stopped.is_set() and self.random.random() > GIVE_UP_SHARE:
            self._stopped.wait(0.1)

    def resend(self, count: int) -> None:
        """Posts a random choice of ``count`` earlier events again; every batch must be accepted."""
        for _ in range(0, count, RESEND_BATCH):
            assert self._post(self.random.choices(list(self.customers.generated.values()), k=RESEND_BATCH))

    def _post(self, batch: list[Json]) -> bool:
        """Whether the batch was accepted."""
        try:
            results = self.stack.send(*batch)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                self.violations.append(f"POST /v1/events: {error.code}")
        except (OSError, HTTPException, json.JSONDecodeError):
            pass
        else:
            self.violations += [f"{result}" for result in results if result["status"] not in ("accepted", "duplicate")]
            if [result["event_id"] for result in results] != [event["event_id"] for event in batch]:
                self.violations.append("the results are in another order than the events")
            self.acknowledged.update(event["event_id"] for event in batch)
            return True
        self.failed_batches += 1
        return False
