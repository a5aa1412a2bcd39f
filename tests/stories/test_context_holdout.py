"""Context: people who are held out get the fallback, decided and explained like every other answer."""

import hashlib
import json
from collections.abc import Callable

import msgspec
import pytest

from processors.context.core import MOMENT_WITHOUT_ROUTE
from processors.context.decide import FALLBACK
from processors.context.holdout import is_held_out
from processors.step import Emit
from processors.world import World
from schemas.brand.model import Holdout, Route
from schemas.events import ScanRouted
from tests.stories.stage import Stage
from tests.stories.telling import Chapter, after, merged, person, purchase, scan, told
from tests.stories.world import SHOP, route, world

Context = Callable[[World], Stage]
ROUTES = (route("tea", 30, categories=("tea",)), route("buy", 20), route("stay", 5, "know"))


def draw(salt: str, who: str) -> int:
    """The number that somebody drew, below 10,000."""
    return int(hashlib.sha256(f"{salt}:{person(who)}".encode()).hexdigest()[:8], 16) % 10_000


def salt_for(held_out: str, answered: str) -> str:
    """One with which the first of two people is held out by a share of a half and the second is not."""
    salts = (f"salt {number}" for number in range(1000))
    return next(salt for salt in salts if draw(salt, held_out) < 5000 <= draw(salt, answered))


def holding_out(share: float, salt: str, *routes: Route) -> World:
    where = world(*(routes or ROUTES))
    about = msgspec.structs.replace(where.brand.about, holdout=Holdout(share=share, salt=salt))
    return World(msgspec.structs.replace(where.brand, about=about))


def answer(stage: Stage, *chapters: Chapter) -> ScanRouted:
    """The answer to the last chapter."""
    emit = stage.hears(*told(*chapters))[-1]
    assert isinstance(emit, Emit) and isinstance(emit.event, ScanRouted)
    return emit.event


def test_who_is_held_out_gets_the_fallback_and_every_route_that_applies_lost_because_of_it(context: Context) -> None:
    stage = context(holding_out(0.5, salt_for("anna", "ben")))
    told_anna, told_ben = answer(stage, scan("poster")), answer(stage, scan("poster", who="ben", name="scan-2"))
    assert (told_anna.route, told_anna.destination, told_anna.moment) == (
        FALLBACK, f"{SHOP}/poster", MOMENT_WITHOUT_ROUTE,
    )  # fmt: skip
    assert [(c.route, c.lost_because) for c in told_anna.candidates] == [
        ("tea", "category is unknown"), ("buy", "held_out"), ("stay", "held_out"),
    ]  # fmt: skip
    assert json.loads(told_anna.inputs)["held_out"] is True
    assert (told_ben.route, told_ben.destination) == ("buy", f"{SHOP}/buy")
    assert [c.lost_because for c in told_ben.candidates] == ["category is unknown", "", "outranked by buy"]
    assert json.loads(told_ben.inputs)["held_out"] is False


def test_two_people_who_are_alike_but_for_the_draw_never_share_an_answer(context: Context) -> None:
    stage = context(holding_out(0.5, salt_for("anna", "ben"), route("again", purchases_at_least=1)))
    routes = []
    for number, who in enumerate(("anna", "ben", "anna"), start=1):
        sale = purchase("3", who=who, name=f"sale-{number}")
        routes.append(answer(stage, sale, after("1 day"), scan(who=who, name=f"scan-{number}")))
    assert [one.route for one in routes] == [FALLBACK, "again", FALLBACK]


def test_without_a_share_nobody_is_held_out_and_nothing_is_said_of_it(context: Context) -> None:
    said = answer(context(holding_out(0.0, salt_for("anna", "ben"))), scan())
    assert said.route == "buy"
    assert "held_out" not in json.loads(said.inputs)


def test_the_id_of_now_decides_so_a_merge_keeps_the_draw_of_the_one_who_stays(context: Context) -> None:
    stage = context(holding_out(0.5, salt_for("anna", "ben")))
    events = told(
        scan(who="ben", name="scan-1"), merged("ben", "anna"), after("1 hour"), scan(who="anna", name="scan-2")
    )
    assert stage.plays(*events)[-1] == f"scan-2: {MOMENT_WITHOUT_ROUTE}, {FALLBACK}"


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
