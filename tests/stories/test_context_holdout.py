"""Context: people who are held out get the fallback, decided and explained like every other answer."""

import hashlib
import json
from collections.abc import Callable

import msgspec
import pytest

from processors.context.answer import MOMENT_WITHOUT_ROUTE
from processors.context.holdout import is_held_out
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Holdout, Route
from schemas.brand.routes import FALLBACK
from schemas.events import ScanRouted
from tests.support.builders import EventSpec, after, build_events, merged, person, purchase, scan
from tests.support.harness import Harness
from tests.support.reference import SHOP, reference, route

Context = Callable[[Reference], Harness]
ROUTES = (route("tea", 30, categories=("tea",)), route("buy", 20), route("stay", 5, "know"))


def draw(salt: str, who: str) -> int:
    """The number of a person in the draw, below 10,000."""
    return int(hashlib.sha256(f"{salt}:{person(who)}".encode()).hexdigest()[:8], 16) % 10_000


def salt_for(held_out: str, answered: str) -> str:
    """A salt with which, at a share of a half, the first person is held out and the second is not."""
    salts = (f"salt {number}" for number in range(1000))
    return next(salt for salt in salts if draw(salt, held_out) < 5000 <= draw(salt, answered))


def holding_out(share: float, salt: str, *routes: Route) -> Reference:
    where = reference(*(routes or ROUTES))
    about = msgspec.structs.replace(where.brand.about, holdout=Holdout(share=share, salt=salt))
    return Reference(msgspec.structs.replace(where.brand, about=about))


def answer(harness: Harness, *specs: EventSpec) -> ScanRouted:
    """The answer to the last event."""
    emit = harness.apply(*build_events(*specs))[-1]
    assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
    return emit.event


def test_who_is_held_out_gets_the_fallback_and_every_route_that_applies_lost_because_of_it(context: Context) -> None:
    harness = context(holding_out(0.5, salt_for("anna", "ben")))
    annas, bens = answer(harness, scan("poster")), answer(harness, scan("poster", who="ben", name="scan-2"))
    assert (annas.route, annas.destination, annas.moment) == (
        FALLBACK, f"{SHOP}/poster", MOMENT_WITHOUT_ROUTE,
    )  # fmt: skip
    assert [(c.route, c.lost_because) for c in annas.candidates] == [
        ("tea", "category is unknown"), ("buy", "held_out"), ("stay", "held_out"),
    ]  # fmt: skip
    assert json.loads(annas.inputs)["held_out"] is True
    assert (bens.route, bens.destination) == ("buy", f"{SHOP}/buy")
    assert [c.lost_because for c in bens.candidates] == ["category is unknown", "", "outranked by buy"]
    assert json.loads(bens.inputs)["held_out"] is False


def test_two_people_who_are_alike_but_for_the_draw_never_share_an_answer(context: Context) -> None:
    harness = context(holding_out(0.5, salt_for("anna", "ben"), route("again", purchases_at_least=1)))
    routes = []
    for number, who in enumerate(("anna", "ben", "anna"), start=1):
        sale = purchase("3", who=who, name=f"sale-{number}")
        routes.append(answer(harness, sale, after("1 day"), scan(who=who, name=f"scan-{number}")))
    assert [one.route for one in routes] == [FALLBACK, "again", FALLBACK]


def test_without_a_share_nobody_is_held_out_and_the_inputs_do_not_mention_it(context: Context) -> None:
    answered = answer(context(holding_out(0.0, salt_for("anna", "ben"))), scan())
    assert answered.route == "buy"
    assert "held_out" not in json.loads(answered.inputs)


def test_the_id_of_now_decides_so_a_merge_keeps_the_draw_of_the_one_who_stays(context: Context) -> None:
    harness = context(holding_out(0.5, salt_for("anna", "ben")))
    events = build_events(
        scan(who="ben", name="scan-1"), merged("ben", "anna"), after("1 hour"), scan(who="anna", name="scan-2")
    )
    assert harness.run(*events)[-1] == f"scan-2: {MOMENT_WITHOUT_ROUTE}, {FALLBACK}"


@pytest.mark.parametrize("share", [0.0001, 0.0007, 0.05, 0.29, 0.5])
def test_a_share_holds_out_whose_number_is_below_it(share: float) -> None:
    holdout = Holdout(share=share, salt="2026")
    below = {who for who in map(str, range(3000)) if draw("2026", who) < int(f"{share * 10_000:.0f}")}
    assert {who for who in map(str, range(3000)) if is_held_out(person(who), holdout)} == below
    spread = 5 * (share * (1 - share) / 3000) ** 0.5
    assert abs(len(below) / 3000 - share) < spread


def test_another_salt_draws_other_people() -> None:
    drawn = [
        {who for who in map(str, range(2000)) if is_held_out(person(who), Holdout(share=0.2, salt=salt))}
        for salt in ("2026", "2027")
    ]
    # Both by chance: 0.2 * 0.2 of 2000, within five standard deviations.
    assert 80 - 5 * 8.8 < len(drawn[0] & drawn[1]) < 80 + 5 * 8.8
