"""Ids that show whose a request is, and what the page signs: nobody without the key makes or changes one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.privacy.answers import MAX_SHOWS, Answers
from gateway.privacy.per_hour import PerHour
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.tokens import BROWSER_S, DAY_S, LINK_S, Tokens
from gateway.smtp_server import SMTP
from schemas.codec.avro import Codec
from schemas.events import PrivacyAnswered
from schemas.process.settings import Setting, SettingError

IDS, TOKENS = RequestIds(bytes(range(32))), Tokens(bytes(range(32)))
owners = st.text(max_size=20)
IDENTIFIER = f"email:{'ab' * 16}"


@given(owner=owners, other=owners, seed=st.text(max_size=20))
def test_an_id_is_its_owners(owner: str, other: str, seed: str) -> None:
    for one in (IDS.fresh(owner), IDS.of(seed, owner)):
        assert IDS.canonical(one, owner) == one == IDS.canonical(one.upper(), owner)
        assert (IDS.canonical(one, other) is None) == (owner != other)
        assert RequestIds(bytes(32)).canonical(one, owner) is None
        assert one[14] == "8" and one[19] in "89ab", "a UUID of version 8"
    assert IDS.of(seed, owner) == IDS.of(seed, owner) != IDS.fresh(owner)


@given(owner=owners, at=st.integers(0, 35), digit=st.sampled_from("0123456789abcdef"))
def test_a_changed_id_is_nobodys(owner: str, at: int, digit: str) -> None:
    one = IDS.fresh(owner)
    changed = one[:at] + digit + one[at + 1 :]
    # The bits of version and variant say nothing.
    assert changed == one or at in (14, 19) or one[at] == "-" or IDS.canonical(changed, owner) is None


@given(now=st.integers(0, 4_000_000_000), at=st.integers(0, 100), letter=st.characters())
def test_a_link_holds_as_it_was_signed_and_so_long(now: int, at: int, letter: str) -> None:
    link = TOKENS.link(IDENTIFIER, now)
    found = TOKENS.read_link(link, now)
    assert found is not None and found.identifier == IDENTIFIER
    assert TOKENS.read_link(link, now + LINK_S) == found and TOKENS.read_link(link, now + LINK_S + 1) is None
    assert Tokens(bytes(32)).read_link(link, now) is None
    changed = link[:at] + letter + link[at + 1 :]
    assert changed == link or TOKENS.read_link(changed, now) is None
    assert TOKENS.link(IDENTIFIER, now) != link, "each has a nonce of its own"


@given(text=st.text(max_size=300))
def test_no_other_text_is_a_token(text: str) -> None:
    assert TOKENS.read_link(text, 0) is None and TOKENS.read_browser(text, 0) is None
    assert not TOKENS.is_form(text, "device", 0)


def test_a_form_is_of_its_device_and_day() -> None:
    token = TOKENS.form("device", 10 * DAY_S)
    assert [TOKENS.is_form(token, "device", day * DAY_S) for day in (9, 10, 11, 12)] == [False, True, True, False]
    assert not TOKENS.is_form(token, "", 10 * DAY_S)


def test_a_browser_looks_at_one_request() -> None:
    request_id = IDS.fresh("x")
    cookie = TOKENS.browser(request_id, 100)
    assert TOKENS.read_browser(cookie, 100 + BROWSER_S) == request_id
    assert TOKENS.read_browser(cookie, 101 + BROWSER_S) is None


def test_so_many_an_hour() -> None:
    limit = PerHour(2)
    assert [limit.take("a", at) for at in (0.0, 10.0, 20.0)] == [0, 0, 3580]
    assert limit.take("b", 20) == 0 and limit.take("a", 3600) == 0 and limit.take("a", 3601) == 9


def answered(request_id: str, status: str, action: str = "export", **fields: Any) -> PrivacyAnswered:
    return PrivacyAnswered(event_id="e", request_id=request_id, action=action, status=status, occurred_at=1, **fields)


@given(order=st.permutations(["working", "done", "part 1", "part 2"]), again=st.integers(0, 3))
def test_an_answer_is_whole_in_whatever_order_it_comes(order: list[str], again: int) -> None:
    answers = Answers("127.0.0.1:1", Codec())
    detail = '{"unknown": [{"type": "fax", "digest": "x"}], "content": "c"}'
    for what in (*order, order[again]):
        if what.startswith("part"):
            answers.place("r", int(what[-1]), (0, int(what[-1])))
        else:
            parts = {"parts": 2} if what == "done" else {"detail": detail}
            answers.apply(answered("r", what, **parts))
    found = answers.get("r")
    assert found is not None and found.status == "done"
    assert answers.positions("r") == [(0, 1), (0, 2)]
    answers.forget("r", 1)
    assert answers.positions("r") is None and answers.get("r") == found
    if order.index("working") < order.index("done"):
        assert found.unknown == ("fax",), "what the gateway said stays known"


def test_of_shows_the_latest_stay() -> None:
    answers = Answers("127.0.0.1:1", Codec())
    answers.apply(answered("export", "done"))
    for number in range(MAX_SHOWS + 5):
        answers.apply(answered(str(number), "done", "show"))
    assert answers.get("4") is None and answers.get("5") is not None and answers.get("export") is not None


@pytest.mark.parametrize("text", [
    "http://a@b.example", "smtp://", "smtp://mail.example", "smtp://ann@mail.example", "smtp://mail.example?from=x",
    "smtp://mail.example/x?from=a@b.example", "smtp://mail.example?from=a@b.example%0d%0aBcc:c@d.example",
    "smtp://mail.example:99999?from=a@b.example", "smtp://mail.example?from=a@b.example&x=1",
])  # fmt: skip
def test_a_mail_server_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SettingError) as error:
        Setting("FOOTPATH_SMTP", SMTP, "", "", secret=True).value(text)
    assert str(error.value).startswith("FOOTPATH_SMTP=…: must be")


def test_a_mail_server_has_a_sender_and_shows_no_password() -> None:
    one = SMTP.parse("smtps://me%40shop.example:a%2Fb@mail.example")
    assert (one.host, one.port, one.user, one.password, one.tls) == (
        "mail.example",
        465,
        "me@shop.example",
        "a/b",
        True,
    )
    assert one.sender == "me@shop.example" and "a/b" not in repr(one) and not one.is_local
    other = SMTP.parse("smtp://u:p@127.0.0.1:2525?from=privacy@shop.example")
    assert other.is_local and other.sender == "privacy@shop.example"
