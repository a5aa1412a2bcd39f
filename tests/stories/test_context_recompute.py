"""Context: a decision can be computed again from the inputs that were published with it."""

from processors.context.core import PROCESSOR
from processors.context.recompute import recompute
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Action
from schemas.events import ScanRouted
from tests.support.builders import build_events, enter, purchase, scan, touch
from tests.support.harness import Harness
from tests.support.reference import SHOP, reference, route

PAGE = Action(kind="page", url=f"{SHOP}/?c={{campaign}}", title="{stock} left", label="Buy")
ROUTES = (
    route("page", 30, action=PAGE, open=True, bought=True),
    route("regular", 20, purchases_at_least=1),
    route("else", 5),
)


def decisions(where: Reference) -> list[tuple[ScanRouted, str]]:
    """Each decision of a day with the campaign of its scan."""
    day = build_events(
        scan("shelf", name="first"),
        enter(),
        purchase("1", "KB-1"),
        scan("shelf", name="second", campaign="spring"),
        scan("poster", who="ben", name="third"),
        touch("probe"),
    )
    harness, found = Harness(PROCESSOR, where), []
    for event in day:
        for effect in harness.apply(event):
            assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
            found.append((effect.event, event.campaign))
    return found


def test_the_published_inputs_give_the_same_answer_again() -> None:
    where = reference(*ROUTES, stock={("mitte", "KB-1"): 7})
    *scans, (probe, _) = decisions(where)
    assert [routed.route for routed, _ in scans] == ["else", "page", "else"]
    for routed, campaign in scans:
        again = recompute(routed.inputs, campaign, where.brand)
        assert again is not None
        assert (again.route, again.destination, again.title, again.candidates) == (
            routed.route,
            routed.destination,
            routed.title,
            routed.candidates,
        )
    assert recompute(probe.inputs, "", where.brand) is None


def test_another_brand_may_answer_otherwise_or_not_know_the_tag() -> None:
    (first, _), *_ = decisions(reference(*ROUTES))
    other = reference(route("only", 5)).brand
    again = recompute(first.inputs, "", other)
    assert again is not None and again.route == "only"
    assert recompute(first.inputs.replace('"tag":"shelf"', '"tag":"gone"'), "", other) is None
