"""Random histories of points: earned, spent, expired, refunded, merged and split. Lots are what a naive model says, and
the total is what was posted. `make chaos` runs 10,000 of them."""

import random
from collections import defaultdict

import pytest

from processors.rewards.core import PROCESSOR
from processors.rewards.ledger import lots_of
from processors.step import Effect, Emit
from schemas.brand.model import Loyalty
from schemas.events import RewardPosted
from tests.support.builders import EventSpec, Timeline, merged, parted, person, points, purchase, returned, scan
from tests.support.harness import Harness
from tests.support.reference import BOUGHT, SCANNED, reference

PEOPLE = ("anna", "ben", "cleo")
DAY_US = 86_400_000_000
LOYALTY = Loyalty(id="points", zone="Europe/Berlin", expire_after_days=3)
Where = tuple[str, int]


class Naive:
    """Lots by source profile and end, as lists and loops: what is left, spent and expired of each."""

    def __init__(self) -> None:
        self.lots: defaultdict[Where, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.person_of = {who: who for who in PEOPLE}

    def of_person(self, who: str) -> list[Where]:
        mine = [where for where in self.lots if self.person_of[where[0]] == self.person_of[who]]
        return sorted(mine, key=lambda where: (where[1] or 2**63, person(where[0])))

    def take(self, places: list[Where], count: int) -> int:
        """What is taken of so many, from the first lots on."""
        rest = count
        for where in places:
            part = max(0, min(rest, self.lots[where][0]))
            self.lots[where][0] -= part
            self.lots[where][1] += part
            rest -= part
        return count - rest

    def spend(self, who: str, count: int, at: int) -> None:
        places = [where for where in self.of_person(who) if not where[1] or where[1] > at]
        if count <= sum(self.lots[where][0] for where in places):
            self.take(places, count)

    def refund(self, who: str, where: Where, count: int) -> None:
        lot = self.lots[where]
        own = min(count, lot[0])
        gone = min(count - own, lot[2])
        lot[0] -= own
        lot[2] -= gone
        lot[1] -= (spent := count - own - gone)
        self.take([other for other in self.of_person(who) if other != where], spent)

    def expire(self, at: int) -> None:
        for (_, end), lot in self.lots.items():
            if end and end <= at:
                lot[2] += lot[0]
                lot[0] = 0


class History:
    """One random history, told to the processor and to the model."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.time, self.naive = Timeline(), Naive()
        self.harness = Harness(PROCESSOR, reference(rewards=(SCANNED, BOUGHT), loyalty=(LOYALTY,)))
        self.sales: list[tuple[str, str, Where, int]] = []
        self.total = 0

    def run(self, steps: int) -> None:
        for number in range(steps):
            getattr(self, self.chance.choice(("earn", "buy", "buy", "spend", "refund", "jump", "merge", "split")))(
                number
            )
            self.time.now += 1_000_000
            self._check()

    def earn(self, number: int) -> None:
        who = self.chance.choice(PEOPLE)
        [entry] = self._take(scan(who=who, name=f"scan {number}"))
        self.naive.lots[who, entry.expires_at][0] += 5

    def buy(self, number: int) -> None:
        who, units = self.chance.choice(PEOPLE), self.chance.randint(1, 9)
        [entry] = self._take(purchase(f"{units}", who=who, name=f"sale {number}"))
        self.naive.lots[who, entry.expires_at][0] += 2 * units
        self.sales.append((f"sale {number}", who, (who, entry.expires_at), units))

    def spend(self, number: int) -> None:
        who, count = self.chance.choice(PEOPLE), self.chance.randint(1, 25)
        self.naive.spend(who, count, self.time.now)
        self._take(points("spent", count, who=who, name=f"spent {number}"))

    def refund(self, number: int) -> None:
        if self.sales:
            sale, who, where, units = self.sales.pop(self.chance.randrange(len(self.sales)))
            self._take(returned(f"{units}", of=sale, who=who, name=f"return {number}"))
            self.naive.refund(who, where, 2 * units)

    def jump(self, number: int) -> None:
        self.time.now += self.chance.randint(1, 60) * DAY_US // 24
        self._count(self.harness.wake(self.time.now))
        self.naive.expire(self.time.now)

    def merge(self, number: int) -> None:
        who, into = self.chance.sample(PEOPLE, 2)
        if self.naive.person_of[who] == who and list(self.naive.person_of.values()).count(who) == 1:
            into = self.naive.person_of[into]
            self._take(merged(who, into=into))
            self.naive.person_of[who] = into

    def split(self, number: int) -> None:
        who = self.chance.choice(PEOPLE)
        if (was := self.naive.person_of[who]) != who:
            self._take(parted(who, from_=was))
            self.naive.person_of[who] = who

    def _take(self, spec: EventSpec) -> list[RewardPosted]:
        event = spec(self.time)
        assert event is not None
        effects = self.harness.apply(event)
        return self._count([*effects, *self.harness.deliver(effects)])

    def _count(self, effects: list[Effect]) -> list[RewardPosted]:
        entries = [one.event for one in effects if isinstance(one, Emit) and isinstance(one.event, RewardPosted)]
        self.total += sum(entry.points for entry in entries)
        return entries

    def _check(self) -> None:
        found: dict[Where, int] = {}
        for who in PEOPLE:
            account = self.harness.state(self.naive.person_of[who])
            part = account.part(person(who)) if account is not None else None
            for end, lot in lots_of(part).items() if part is not None else ():
                found[who, end] = lot.left
        assert {where: left for where, left in found.items() if left} == {
            where: lot[0] for where, lot in self.naive.lots.items() if lot[0]
        }
        assert sum(found.values()) == self.total


@pytest.fixture
def histories(long: bool) -> int:
    return 10_000 if long else 60


def test_random_histories_are_what_a_naive_model_says_and_conserve(histories: int) -> None:
    for seed in range(histories):
        History(seed).run(30)
