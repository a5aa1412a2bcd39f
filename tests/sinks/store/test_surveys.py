"""Answers of people as analysts see them: the latest of each person, and what stores would be recommended."""

import json
from typing import Any

from schemas.events import Event
from tests.support.sink_events import moved, touchpoint
from tests.support.sink_store import Store

ANSWERS = "SELECT question, answer, answers FROM profile_answer ORDER BY question, answer"


def answer(who: str, at: str, question: str, text: Any, store: str = "mitte") -> Event:
    kind = "nps_answered" if question == "again" else "survey_answered"
    properties = json.dumps({"survey": "taste", "question": question, "answer": text}, separators=(",", ":"))
    return touchpoint(f"{who} {at} {question} {store}", who, kind, at, profile=who, store=store, properties=properties)


def test_the_latest_answer_of_a_person_counts_also_after_a_merge(store: Store) -> None:
    store.put([answer("ann", "2026-03-02", "milk", "cow"), answer("ann", "2026-03-04", "milk", "oat")])
    store.put([answer("phone", "2026-03-03", "milk", "soy"), answer("phone", "2026-03-03", "wish", "cake")])
    assert store.ask(ANSWERS) == [("milk", "oat", 2), ("milk", "soy", 1), ("wish", "cake", 1)]
    store.put([moved("phone", "ann", 1)])
    assert store.ask(ANSWERS) == [("milk", "oat", 3), ("wish", "cake", 1)]


def test_answers_of_other_systems_are_none(store: Store) -> None:
    others = ('{"score":3}', '{"question":7}', '{"survey":"","question":"milk","answer":"x"}', "{}")
    store.put([
        touchpoint(f"other {n}", "ann", "survey_answered", "2026-03-02", properties=properties)
        for n, properties in enumerate(others)
    ])  # fmt: skip
    assert store.ask(ANSWERS) == []


def test_nps_is_by_store_and_week_and_everybody_counts_once(store: Store) -> None:
    store.put([
        answer("ann", "2026-03-02", "again", "3"), answer("ann", "2026-03-03", "again", "10"),
        answer("ben", "2026-03-04", "again", "9"), answer("cleo", "2026-03-08", "again", "0"),
        answer("dora", "2026-03-08", "again", "8"), answer("ann", "2026-03-09", "again", "6"),
        answer("ann", "2026-03-03", "again", "7", store="bar"), answer("emil", "2026-03-03", "again", "often"),
    ])  # fmt: skip
    query = "SELECT store, toString(week), promoters, passives, detractors, answers, nps FROM nps ORDER BY store, week"
    assert store.ask(query) == [
        ("bar", "2026-03-02", 0, 1, 0, 1, 0.0),
        ("mitte", "2026-03-02", 2, 1, 1, 4, 25.0),
        ("mitte", "2026-03-09", 0, 0, 1, 1, -100.0),
    ]
