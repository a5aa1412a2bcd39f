"""An erased identifier is dead for ever, and who comes back has another one, in whatever order erasures are read."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import ProfileErased
from schemas.identifiers.dead import EVER_AFTER, DeadIdentifiers
from schemas.identifiers.keys import IdentifierKeys
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.types import is_blocked

KEY = bytes(range(32))
ADDRESS, NUMBER = "ann@shop.example", "+4915123456789"
VALUES = [
    ("email", ADDRESS), ("phone", NUMBER), ("phone", "0151 23456789"), ("customer", "C-17"), ("device", "d" * 22),
    ("mac", "aa:bb:cc:00:11:22"), ("badge", "7"),
]  # fmt: skip


def erased(identifier: str, at: int) -> ProfileErased:
    return ProfileErased(
        event_id="e", request_id="r", person_id="p", source_profile_id="s", identifier=identifier, occurred_at=at
    )


def gateway() -> tuple[DeadIdentifiers, Pseudonyms]:
    dead = DeadIdentifiers()
    return dead, Pseudonyms(KEY, "DE", dead=dead)


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_who_comes_back_has_another_identifier(kind: str, value: str) -> None:
    dead, pseudonyms = gateway()
    before = pseudonyms.identifier(kind, value, 500)
    assert before == Pseudonyms(KEY, "DE").identifier(kind, value, 500), "nobody is dead"
    dead.add(erased(before, 1000))
    assert pseudonyms.identifier(kind, value, 999) == pseudonyms.identifier(kind, value, 1000) == f"{kind}:blocked"
    after = pseudonyms.identifier(kind, value, 1001)
    assert after != before and after.startswith(f"{kind}:") and not is_blocked(after)
    assert pseudonyms.identifier(kind, value, 10**9) == after == pseudonyms.living(before), "one and the same again"


def test_who_is_erased_twice_comes_back_twice() -> None:
    dead, pseudonyms = gateway()
    lives: list[str] = []
    for at in (1000, 2000, 3000):
        lives.append(pseudonyms.identifier("email", ADDRESS, at))
        dead.add(erased(lives[-1], at))
    lives.append(pseudonyms.identifier("email", ADDRESS, 3001))
    assert len({*lives}) == 4
    assert [pseudonyms.identifier("email", ADDRESS, at) for at in (1500, 2500, 3000)] == ["email:blocked"] * 3
    assert pseudonyms.identifier("email", ADDRESS) == "email:blocked"


def test_spellings_stay_one_person_after_an_erasure() -> None:
    dead, pseudonyms = gateway()
    spellings = [NUMBER, "0151 23456789", "0049 151 23456789"]
    dead.add(erased(pseudonyms.identifier("phone", spellings[1]), 10))
    assert len({pseudonyms.identifier("phone", one, 11) for one in spellings}) == 1


def test_texts_name_the_living() -> None:
    dead, pseudonyms = gateway()
    text = {"note": f"call {NUMBER}, write to {ADDRESS}", "phone": "0151 23456789"}
    email, phone = pseudonyms.identifier("email", ADDRESS), pseudonyms.identifier("phone", NUMBER)
    for one in (email, phone):
        dead.add(erased(one, 1000))
    scrubbed = pseudonyms.scrub_json(text)
    named = [pseudonyms.living(phone), pseudonyms.living(email)]
    assert scrubbed == {"note": f"call [{named[0]}], write to [{named[1]}]", "phone": f"[{named[0]}]"}
    assert pseudonyms.scrub(ADDRESS) == f"[{named[1]}]"


def test_the_next_identifier_is_another_one_for_each_time_and_the_same_under_another_key() -> None:
    first = Pseudonyms(KEY).identifier("email", ADDRESS)
    found = [Pseudonyms(key, dead={first: at}).living(first) for at in (1000, 1001) for key in (KEY, bytes(32))]
    assert found[0] == found[1] != found[2] == found[3] != first


def test_what_was_done_before_an_erasure_counts_under_no_later_key() -> None:
    old = Pseudonyms(KEY).identifier("email", ADDRESS)
    both = IdentifierKeys({"": KEY, "2": bytes(range(1, 33))})
    after = Pseudonyms(both, "DE", dead={old: 1000})
    assert after.identifier("email", ADDRESS, 1000) == "email:blocked"
    assert after.identifier("email", ADDRESS, 1001) == Pseudonyms(both).identifier("email", ADDRESS) != old


def test_nobody_is_erased_by_a_placeholder() -> None:
    dead, pseudonyms = gateway()
    assert not dead.add(erased("email:blocked", 5)) and not dead
    assert pseudonyms.living("email:blocked", 1) == "email:blocked"


def test_the_earliest_erasure_of_an_identifier_counts_in_any_order() -> None:
    for order in permutations((30, 10, 20)):
        dead = DeadIdentifiers()
        for at in order:
            dead.add(erased("email:a", at))
        assert dead == {"email:a": 10}
        assert not dead.add(erased("email:a", 10)), "told twice, it is nothing new"


@given(times=st.lists(st.integers(0, 1000), max_size=5, unique=True).map(sorted), at=st.integers(-1, 1001))
def test_the_life_of_a_time_is_the_one_that_had_not_ended_by_then(times: list[int], at: int) -> None:
    dead, pseudonyms = gateway()
    lives = [pseudonyms.identifier("email", ADDRESS)]
    for time in times:
        dead.add(erased(lives[-1], time))
        lives.append(pseudonyms.living(lives[0]))
    expected = lives[-1] if not times or at > times[-1] else "email:blocked"
    assert pseudonyms.identifier("email", ADDRESS, at) == expected
    assert pseudonyms.living(lives[0], EVER_AFTER) == lives[-1]
