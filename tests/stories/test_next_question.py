"""The next question: the most worth that consent, frequency and the moment allow, and what somebody answered."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.operate.why.outline import asked as asked_in_outline
from deploy.operate.why.story import Routed
from processors.profiling.answers import NOTHING_ANSWERED, Answers
from processors.reference import Reference
from processors.step import Emit
from schemas.brand.model import Action, ApiKey, Consent, Reward, Survey
from schemas.brand.surveys import Question
from schemas.content import read
from schemas.events import RewardPosted, ScanRouted
from tests.support.builders import (
    ANNA,
    MONDAY_TEN,
    EventSpec,
    after,
    build_events,
    merged,
    objected,
    parted,
    scan,
    tap,
    touch,
)
from tests.support.harness import Harness, balance
from tests.support.reference import SHOP, reference, route

MILK = Question(id="milk", kind="choice", text="Which milk?", choices={"cow": "Cow", "oat": "Oat"}, value=10)
NPS = Question(id="again", kind="nps", text="Would you recommend us?", value=8)
WISH = Question(id="wish", kind="text", text="What do you miss?", value=2)
TASTE = Survey(id="taste", questions=(MILK, NPS, WISH))
PAGE = Action(kind="page", title="Hello", label="Go on", url=f"{SHOP}/page")
Context = Callable[[Reference], Harness]


def where(*surveys: Survey, expression: str = "", **more: Any) -> Reference:
    return reference(route("page", action=PAGE, expression=expression), surveys=surveys or (TASTE,), **more)


def asked(specs: list[EventSpec], harness: Harness) -> list[str]:
    """The questions of the pages, in order; empty for a page that asks nothing."""
    found = []
    for effect in harness.apply(*build_events(*specs)):
        if isinstance(effect, Emit) and isinstance(effect.event, ScanRouted):
            content = read(effect.event.content)
            found.append(content.question.id if content is not None and content.question is not None else "")
    return found


def visit(tag: str = "shelf", who: str = ANNA) -> EventSpec:
    """A scan whose gateway waits for the answer."""
    return scan(tag, who, reply_partition=0)


def answer(question: str, text: str, who: str = ANNA, **fields: Any) -> EventSpec:
    properties = msgspec.json.encode({"survey": "taste", "question": question, "answer": text}).decode()
    return touch("nps_answered" if question == "again" else "survey_answered", who, properties=properties, **fields)


def why(harness: Harness, *specs: EventSpec) -> dict[str, str]:
    """Why each question was not asked at the last scan."""
    *_, effect = harness.apply(*build_events(*specs))
    assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    inputs = msgspec.json.decode(effect.event.inputs)
    return {one["question"]: one.get("lost_because", "") for one in inputs["questions"]}


def test_the_question_of_the_highest_worth_is_asked_and_explained(context: Context) -> None:
    harness = context(where())
    [effect] = harness.apply(*build_events(visit()))
    assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    assert msgspec.json.decode(effect.event.inputs)["questions"] == [
        {"survey": "taste", "question": "milk", "worth": 5.0, "value": 10.0, "probability": 0.5, "left": 1.0},
        {"survey": "taste", "question": "again", "worth": 4.0, "value": 8.0, "probability": 0.5, "left": 1.0,
         "lost_because": "outranked by milk"},
        {"survey": "taste", "question": "wish", "worth": 1.0, "value": 2.0, "probability": 0.5, "left": 1.0,
         "lost_because": "outranked by milk"},
    ]  # fmt: skip
    content = read(effect.event.content)
    assert content is not None and content.question is not None
    assert (content.question.choices, content.question.tag) == ((("cow", "Cow"), ("oat", "Oat")), "shelf")


def test_who_answers_is_asked_the_next_one_and_who_does_not_is_left_in_peace(context: Context) -> None:
    specs = [visit(), answer("milk", "oat"), visit(), after("1 hour"), visit()]
    assert asked(specs, context(where())) == ["milk", "again", ""]
    specs = [visit(), after("25 hours"), visit(), after("25 hours"), visit(), after("25 hours"), visit()]
    assert asked(specs, context(where())) == ["milk", "again", "wish", ""]
    assert asked([visit(), after("31 days"), visit()], context(where())) == ["milk", "milk"]


def test_every_question_says_why_it_is_not_asked(context: Context) -> None:
    specs = [answer("again", "9"), visit(), after("2 days")]
    assert why(context(where()), *specs, visit()) == {
        "milk": "not again within 30 days", "wish": "", "again": "answered",
    }  # fmt: skip
    only_posters = msgspec.structs.replace(TASTE, placements=("poster",))
    assert set(why(context(where(only_posters)), visit()).values()) == {"placement is shelf"}
    closed = msgspec.structs.replace(TASTE, condition="behaviour.visits > 3")
    assert set(why(context(where(closed)), visit()).values()) == {"not true: behaviour.visits > 3"}


def test_nobody_is_asked_who_does_not_allow_it(context: Context) -> None:
    assert set(why(context(where()), objected("personalisation"), visit()).values()) == {
        "no consent to personalisation"
    }
    asks = where(consent=(Consent(id="personalisation", default="opt_in"),))
    assert asked([visit()], context(asks)) == [""]
    analytics = msgspec.structs.replace(TASTE, purpose="analytics")
    assert asked([objected("personalisation"), visit()], context(where(analytics))) == ["milk"]


def test_an_answer_fades_where_the_brand_says_so(context: Context) -> None:
    fading = Survey(id="taste", questions=(MILK,), asked_again_after="100 days")
    specs = [answer("milk", "oat"), after("49 days"), visit(), after("2 days"), visit()]
    assert asked(specs, context(where(fading))) == ["", "milk"]
    assert asked([answer("milk", "oat"), after("300 days"), visit()], context(where())) == ["again"]


def test_who_never_answers_is_worth_less_to_ask(context: Context) -> None:
    never = Survey(id="taste", questions=(MILK,), not_again_within="1 day", pause="1 hour")
    harness = context(where(never))
    specs = [one for _ in range(4) for one in (visit(), after("2 days"))]
    effects = harness.apply(*build_events(*specs))
    worths = [
        msgspec.json.decode(e.event.inputs)["questions"][0]["worth"]
        for e in effects
        if isinstance(e, Emit) and isinstance(e.event, ScanRouted)
    ]
    assert worths == [5.0, pytest.approx(10 / 3, abs=1e-6), 2.5, 2.0]


def test_answers_are_inputs_of_routes(context: Context) -> None:
    harness = context(where(expression="profile.answers['milk'] == 'oat'"))
    specs = [visit(), answer("milk", "oat"), visit(), answer("milk", "cow"), visit()]
    routes = [e.event.route for e in harness.apply(*build_events(*specs)) if isinstance(e, Emit)]
    assert routes == ["fallback", "page", "fallback"]


def test_what_a_person_answered_counts_on_all_their_phones_until_they_part(context: Context) -> None:
    harness = context(where())
    events = build_events(
        answer("milk", "oat", "ben"),
        merged("ben", into="anna"),
        visit(),
        parted("ben", from_="anna"),
        after("2 days"),
        visit(),
    )
    harness.deliver(harness.apply(*events[:2]))
    ranked: list[str] = []
    for event in events[2:]:
        effects = harness.apply(event)
        harness.deliver(effects)
        for effect in effects:
            if isinstance(effect, Emit) and isinstance(effect.event, ScanRouted):
                content = read(effect.event.content)
                assert content is not None and content.question is not None
                ranked.append(content.question.id)
    assert ranked == ["again", "milk"]


def test_a_brand_without_surveys_says_nothing_of_them(context: Context) -> None:
    harness = context(reference(route("page", action=PAGE)))
    [effect] = harness.apply(*build_events(visit()))
    assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    assert "question" not in effect.event.inputs and "question" not in effect.event.content


def test_a_redirect_asks_nothing(context: Context) -> None:
    harness = context(reference(route("away"), surveys=(TASTE,)))
    assert asked([visit(), tap(reply_partition=0)], harness) == ["", ""]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["milk", "again", "wish"]), st.sampled_from(["a", "b"]), st.integers(1, 5)), max_size=8
)


@given(EVENTS, st.randoms())
def test_answers_in_any_order_are_the_same(given_: list[tuple[str, str, int]], chance: Any) -> None:
    """By several source profiles as well, whichever part is joined first, once or twice."""
    specs = [spec for question, text, days in given_ for spec in (after(f"{days} days"), answer(question, text))]
    events = [event for event in build_events(*specs) if event is not None]

    def of(some: list[Any]) -> Answers:
        found = NOTHING_ANSWERED
        for event in some:
            found = found.with_answer(event)
        return found

    mixed = chance.sample(events, len(events))
    cut = len(mixed) // 2
    one, other = of(mixed[:cut]), of(mixed[cut:])
    assert (
        one.joined(other).given == other.joined(one).given == one.joined(other).joined(other).given == of(events).given
    )


PAYS = Reward(id="survey", version=1, on=("survey_answered", "nps_answered"), points=20)


def test_a_question_pays_once_whoever_of_the_person_answers_and_how_often(rewards: Harness) -> None:
    rewards.reference = reference(rewards=(PAYS,), surveys=(TASTE,))
    events = build_events(
        answer("milk", "oat"), answer("milk", "cow"), answer("again", "9"), merged("ben", into="anna"),
        answer("milk", "oat", "ben", known_as="anna"), answer("wish", "cake", "ben", known_as="anna"),
        touch("survey_answered", properties='{"score":3}'), touch("survey_answered", properties='{"score":4}'),
        touch("survey_answered", properties='{"survey":"taste","question":"unknown","answer":"x"}'),
    )  # fmt: skip
    effects = []
    for event in events:
        effects += (now := rewards.apply(event))
        effects += rewards.deliver(now)
    points = [one.event.points for one in effects if isinstance(one, Emit) and isinstance(one.event, RewardPosted)]
    assert points == [20] * 6, "two questions, one more of another phone, and three that are none of the brand's"
    assert balance(rewards, ANNA) == 120


def test_an_answer_of_a_public_key_pays_what_the_rule_says_of_those(rewards: Harness) -> None:
    public = ApiKey(id="story", hash="sha256:" + "0" * 64, scopes=("events:web",))
    rewards.reference = reference(rewards=(PAYS,), surveys=(TASTE,), api_keys=(public,))
    assert rewards.apply(*build_events(answer("milk", "oat"))) == []
    daily = msgspec.structs.replace(PAYS, public_keys="once_a_day")
    rewards.reference = reference(rewards=(daily,), surveys=(TASTE,), api_keys=(public,))
    rewards.apply(
        *build_events(
            after("1 hour"), answer("again", "9"), answer("again", "8"), after("2 days"), answer("again", "7")
        )
    )
    assert balance(rewards, ANNA) == 20


def test_why_tells_which_question_was_asked_and_why_the_others_were_not(context: Context) -> None:
    [effect] = context(where()).apply(*build_events(visit()))
    assert isinstance(effect, Emit) and isinstance(effect.event, ScanRouted)
    fields = {
        name: getattr(effect.event, name) for name in ("brand_version", "moment", "route", "action", "destination")
    }
    texts = {"title": "", "text": "", "label": "", "content": "{}", "candidates": [], "waited": True}
    inputs = msgspec.Raw(effect.event.inputs.encode())
    [node] = asked_in_outline(Routed(stored_at=MONDAY_TEN, inputs=inputs, **fields, **texts))
    assert node.text.startswith("asked: milk ")
    assert [one.text for one in node.below] == [
        "5 milk = 10 x 0.5 x 1: asked",
        "4 again = 8 x 0.5 x 1: outranked by milk",
        "1 wish = 2 x 0.5 x 1: outranked by milk",
    ]
    nothing = Routed(stored_at=MONDAY_TEN, inputs=msgspec.Raw(b"{}"), **fields, **texts)
    assert list(asked_in_outline(nothing)) == []
