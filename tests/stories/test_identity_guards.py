"""Who is kept apart, and why: the guards with their built-in limits, as stories, each in order, mixed and twice."""

import random
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest

from processors.world import World
from schemas.events import TouchpointRecorded
from schemas.ids import person_of
from tests.fire.seeds import draw_seed
from tests.stories import world as plain
from tests.stories.identity.agreement import told_downstream
from tests.stories.identity.network import Network
from tests.stories.identity.people import event, linked, unlinked

Tell = Callable[..., "Outcome"]
KIOSK = '{"device_class":"kiosk"}'


class Outcome:
    """What is known when all is quiet."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._told = told_downstream(network)

    def person(self, identifier: str) -> str:
        """The person downstream has an identifier's touchpoints under."""
        own = person_of(identifier)
        return self._told.get(own, own)

    def one(self, *identifiers: str) -> bool:
        """Whether all of them are one person."""
        return len({self.person(identifier) for identifier in identifiers}) == 1

    def apart(self, *identifiers: str) -> bool:
        """Whether no two of them are one person."""
        return all(self.person(a) != self.person(b) for a, b in combinations(identifiers, 2))

    def verdict(self, one: str, other: str) -> str:
        """The last that was said of two."""
        said = [c for c in self._network.changes if {c.identifier, c.other_identifier} == {one, other}]
        last = max(said, key=lambda change: change.version)
        return last.reason or last.change


@pytest.fixture(params=["in order", "mixed", "twice"])
def tell(request: pytest.FixtureRequest) -> Tell:
    """Tells a story; every identifier shows itself alone in the end, so that downstream knows it."""

    def play(events: Sequence[TouchpointRecorded], where: World | None = None) -> Outcome:
        chance = random.Random(draw_seed())
        shown = dict.fromkeys(i for e in events for i in e.identifiers if not i.endswith(":blocked"))
        coming = [*events, *(event(10_000, identifier) for identifier in shown)]
        if request.param == "mixed":
            chance.shuffle(coming)
        network = Network(where or plain.world(), chance, 4, crashes=0.02)
        network.plays(coming, backlog=5)
        if request.param == "twice":
            network.plays(coming)
        return Outcome(network)

    return play


def test_what_is_seen_together_is_one_person_named_after_the_oldest(tell: Tell) -> None:
    known = tell([event(5, "customer:anna", "email:a"), event(1, "device:a"), event(7, "email:a", "device:a")])
    assert known.one("customer:anna", "email:a", "device:a")
    assert known.person("customer:anna") == person_of("device:a")


def test_placeholders_join_nobody(tell: Tell) -> None:
    known = tell([event(1, "customer:anna", "email:blocked"), event(2, "customer:ben", "email:blocked")])
    assert known.apart("customer:anna", "customer:ben")
    assert known.verdict("customer:anna", "email:blocked") == "blocked_value"


def test_two_customers_on_one_device_stay_two_and_the_first_keeps_it(tell: Tell) -> None:
    known = tell([event(1, "customer:anna", "device:tablet"), event(2, "customer:ben", "device:tablet")])
    assert known.apart("customer:anna", "customer:ben")
    assert known.one("customer:anna", "device:tablet")
    assert known.verdict("customer:ben", "device:tablet") == "too_many:customer"


def test_a_late_event_gives_the_device_to_who_had_it_first(tell: Tell) -> None:
    known = tell(
        [
            event(5, "customer:anna", "device:tablet"),
            event(6, "customer:ben", "device:tablet"),
            event(1, "customer:ben", "device:tablet"),
        ]
    )
    assert known.one("customer:ben", "device:tablet") and known.apart("customer:anna", "customer:ben")
    assert known.verdict("customer:anna", "device:tablet") == "too_many:customer"


def test_a_household_with_one_phone_stays_apart(tell: Tell) -> None:
    known = tell(
        [
            event(1, "loyalty:anna", "phone:home"),
            event(2, "loyalty:ben", "phone:home"),
            event(3, "loyalty:anna", "device:anna"),
            event(4, "loyalty:ben", "device:ben"),
        ]
    )
    assert known.apart("loyalty:anna", "loyalty:ben")
    assert known.one("loyalty:anna", "phone:home", "device:anna") and known.one("loyalty:ben", "device:ben")


def test_a_hub_lets_go_of_all_that_it_joined(tell: Tell) -> None:
    """The built-in limit of an e-mail address is ten others."""
    devices = [f"device:{number}" for number in range(11)]
    known = tell([event(at, "email:office", device) for at, device in enumerate(devices)])
    assert known.apart("email:office", *devices)
    assert {known.verdict("email:office", device) for device in devices} == {"hub"}
    assert tell([event(at, "email:office", device) for at, device in enumerate(devices[:10])]).one(*devices[:10])


def test_a_kiosk_joins_nobody_not_even_those_it_had_joined(tell: Tell) -> None:
    known = tell(
        [
            event(1, "email:anna", "device:kiosk"),
            event(2, "email:ben", "device:kiosk"),
            event(3, "email:cleo", "device:kiosk", properties=KIOSK),
        ]
    )
    assert known.apart("email:anna", "email:ben", "email:cleo", "device:kiosk")
    assert known.verdict("email:anna", "device:kiosk") == "shared_device"


def test_a_device_that_says_so_itself_is_shared_as_well(tell: Tell) -> None:
    known = tell([event(1, "device:till", "mac:a"), event(2, "device:till", properties=KIOSK)])
    assert known.apart("device:till", "mac:a")


def test_who_would_be_too_large_is_in_quarantine_until_an_operator_settles_it(tell: Tell) -> None:
    """A person has 50 identifiers at most; whom an operator lets in takes the place of the last."""
    email, more = [f"email:{number}" for number in range(5)], [f"crm:{number}" for number in range(5)]
    large = [
        *(event(at, "customer:anna", each) for at, each in enumerate((*email, *more))),
        *(
            event(20 + number, email[number // 4], f"device:{number}")
            for number in range(20)  # as many as one person may have
        ),
        *(event(50 + number, more[number // 3], f"payment:{number}") for number in range(10)),
        *(event(70 + number, "customer:anna", f"till{number // 5}:{number}") for number in range(9)),
    ]
    late = event(100, "customer:anna", "phone:anna")
    known = tell([*large, late])
    assert known.verdict("customer:anna", "phone:anna") == "person_size"
    assert known.apart("customer:anna", "phone:anna")
    settled = tell([*large, late, linked(200, "customer:anna", "phone:anna")])
    assert settled.one("customer:anna", "phone:anna", "till1:7")
    assert settled.verdict("customer:anna", "till1:8") == "person_size"


def test_an_operator_unlinks_and_no_evidence_joins_them_again(tell: Tell) -> None:
    known = tell(
        [
            event(1, "customer:anna", "device:a"),
            unlinked(5, "customer:anna", "device:a"),
            event(9, "customer:anna", "device:a", name="again"),
        ]
    )
    assert known.apart("customer:anna", "device:a")
    assert known.verdict("customer:anna", "device:a") == "unlinked"


def test_an_operator_may_change_their_mind_and_the_latest_word_holds(tell: Tell) -> None:
    words = [unlinked(5, "customer:anna", "device:a"), linked(6, "customer:anna", "device:a")]
    assert tell([event(1, "customer:anna", "device:a"), *words]).one("customer:anna", "device:a")
    assert tell(words).one("customer:anna", "device:a")
    later = tell([*words, unlinked(7, "customer:anna", "device:a")])
    assert later.verdict("customer:anna", "device:a") == "unlinked"


def test_an_operator_may_join_two_customers_and_what_they_get_later_is_theirs(tell: Tell) -> None:
    known = tell(
        [
            linked(1, "customer:anna", "customer:anne"),
            event(2, "customer:anna", "device:a"),
            event(3, "customer:anne", "device:b"),
            event(4, "customer:ben", "device:b"),
        ]
    )
    assert known.one("customer:anna", "customer:anne", "device:a", "device:b")
    assert known.apart("customer:ben", "customer:anna")
