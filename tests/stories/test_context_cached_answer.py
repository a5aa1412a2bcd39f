"""Context: an answer is cached under everything that it is computed from."""

import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.context import answer
from processors.context.answer import AnswerKey, answer_of, placeholder_values
from processors.context.core import step
from processors.context.situation import Situation
from processors.reference import Reference
from schemas.brand.model import Action, Brand
from schemas.brand.placeholders import PLACEHOLDERS
from tests.support.builders import ANNA, build_events, enter, purchase, scan
from tests.support.histories import lawful
from tests.support.reference import SHOP, reference, route

EVERY_PLACEHOLDER = "&".join(f"{name}={{{name}}}" for name in sorted(PLACEHOLDERS))
PAGE = Action(kind="page", url=f"{SHOP}/?{EVERY_PLACEHOLDER}", title="{tag}", text="At {tag}", label="{tag}")
ROUTES = (route("page", action=PAGE, visits_at_least=1), route("else", 5, action=PAGE))


@pytest.mark.parametrize("computed", [answer_of, placeholder_values])
def test_an_answer_and_its_placeholders_are_computed_from_the_cache_key_and_the_brand(
    computed: Callable[..., Any],
) -> None:
    """Neither the event nor the visitor is within reach: a placeholder needs its value in the key."""
    parameters = inspect.signature(computed).parameters.values()
    assert {parameter.name: parameter.annotation for parameter in parameters} == {"key": AnswerKey, "brand": Brand}
    assert computed.__closure__ is None


def test_every_placeholder_has_its_value_from_the_key() -> None:
    situation = Situation("scan", "shelf", "shelf", "mitte", "KB-1", "coffee", None, True, True, 3, 1, False)
    values = placeholder_values(AnswerKey(situation, "spring"), reference().brand)
    assert values.keys() == set(PLACEHOLDERS)
    assert all(values.values())


def test_a_cache_key_cannot_change() -> None:
    key = AnswerKey(Situation("scan", "", "", "", "", "", None, None, False, None, 0, False), "")
    assert key in {msgspec.structs.replace(key)}
    with pytest.raises(AttributeError):
        key.campaign = "another"  # type: ignore[misc]


visitors = st.fixed_dictionaries(
    {
        "tag": st.sampled_from(["shelf", "poster", "bottle", "bar"]),
        "store": st.sampled_from(["", "mitte", "bar"]),
        "product": st.sampled_from(["", "KB-1", "KB-2", "unknown"]),
        "campaign": st.sampled_from(["", "spring", "autumn"]),
        "stock": st.none() | st.integers(0, 3),
        "entered": st.booleans(),
        "bought": st.booleans(),
    }
)


@lawful
@given(st.lists(visitors, min_size=2, max_size=6))
def test_no_two_visitors_share_a_text_that_differs_by_their_inputs(inputs: list[dict[str, Any]]) -> None:
    shared = reference(*ROUTES)
    for number, profile in enumerate(inputs):
        stock = {} if profile["stock"] is None else {(profile["store"], profile["product"]): profile["stock"]}
        now = Reference(shared.brand, stock, shared.memo)
        fields = {name: profile[name] for name in ("store", "product", "campaign")}
        who = f"{ANNA} {number}"
        before = [enter(who=who)] * profile["entered"] + [purchase("1", "KB-1", who=who)] * profile["bought"]
        visitor = None
        *earlier, scanned = build_events(*before, scan(profile["tag"], who=who, **fields))
        for event in earlier:
            visitor = step(visitor, event, now).state
        [effect] = step(visitor, scanned, now).effects
        assert [effect] == list(step(visitor, scanned, Reference(shared.brand, stock)).effects)
        query = urlsplit(effect.event.destination).query  # type: ignore[union-attr]
        text = dict(parse_qsl(query, keep_blank_values=True))
        assert {name: text[name] for name in ("tag", *fields)} == {"tag": profile["tag"], **fields}
        assert text["stock"] == ("" if profile["stock"] is None else str(profile["stock"]))


def test_many_routes_leave_room_for_fewer_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain's 2,000 routes by 10,000 answers would be 2.5 GB."""
    monkeypatch.setattr(answer, "CANDIDATES_CACHED", 6)
    now, most = reference(*ROUTES), 0
    for number in range(20):
        key = AnswerKey(Situation("scan", "shelf", "shelf", "mitte", "", "", None, None, False, number, 0, False), "")
        assert answer.cached_answer(key, now) == answer_of(key, now.brand)
        most = max(most, len(now.memo))
    assert most == 3
