"""While the identifier key changes, a gateway says of each value once which identifiers it has."""

import pytest

from gateway.brand.live import build_brand_view
from gateway.events_api.draft import Sender
from gateway.events_api.validate import Accepted, validate
from gateway.identifiers.links import ValueLinks
from gateway.identifiers.remembered import Remembered
from schemas.brand.load import load
from schemas.identifiers.keys import IdentifierKeys, Key
from schemas.identifiers.pseudonyms import Pseudonyms
from schemas.identifiers.rotation import SOURCE
from schemas.kinds import LINKED, TYPES
from tests.support.gateway_process import BRAND

OLD, NEW = bytes(range(32)), bytes(reversed(range(32)))
BOTH = IdentifierKeys({"": OLD, "2027-01": NEW})
NOW = 1_800_000_000_000_000


def accepted(key: Key, text: str, public: bool = False) -> Accepted:
    return validate(text.encode(), Sender("till", TYPES, is_public=public), build_brand_view(load(BRAND), key), NOW)


def event(identifiers: str, kind: str = "page_view", properties: str = "{}") -> str:
    rest = f'"properties":{properties},"identifiers":[{identifiers}]'
    return f'{{"type":"{kind}","occurred_at":"2027-01-15T08:00:00Z",{rest}}}'


CARD = '{"type":"customer","value":"C-1"}'
MAIL = '{"type":"email","value":"anna@mail.example"}'
HASHED = f'{{"type":"email","hash":"{"ab" * 16}"}}'
BLOCKED = '{"type":"phone","value":"000000"}'


def test_each_value_once_and_nothing_with_one_key() -> None:
    view, links = build_brand_view(load(BRAND), BOTH), ValueLinks()
    named = accepted(BOTH, event(",".join((CARD, MAIL, HASHED, BLOCKED)))).named
    found = links.events([*named, *named], view, NOW)
    old, new = Pseudonyms(OLD, "DE"), Pseudonyms(NEW, "DE")
    assert [set(one.identifiers) for one in found] == [
        {of.identifier(kind, value) for of in (old, new)}
        for kind, value in (("customer", "C-1"), ("email", "anna@mail.example"))
    ]
    assert {(one.type, one.source, one.event_id.partition("/")[0]) for one in found} == {(LINKED, SOURCE, SOURCE)}
    assert links.events(named, view, NOW) == found, "not published yet"
    links.published(found)
    assert links.events(named, view, NOW) == []
    assert ValueLinks().events(accepted(OLD, event(CARD)).named, build_brand_view(load(BRAND), OLD), NOW) == []


def test_what_is_kept_of_an_event_is_its_own() -> None:
    """A receipt that only the till wrote is nobody's; with one key contacts of trusted senders alone are named."""
    till = '{"type":"device","value":"till-7"}'
    receipt = event(till, "sale", '{"amount":"1.00","device_class":"till"}')
    assert accepted(BOTH, receipt).named == ()
    assert [one.kind for one in accepted(OLD, event(f"{CARD},{MAIL}")).named] == ["email"]
    device = '{"type":"device","value":"AAAA"}'
    assert accepted(OLD, event(f"{device},{MAIL}"), public=True).named == ()
    assert [one.kind for one in accepted(BOTH, event(f"{device},{MAIL}"), public=True).named] == ["device"]


@pytest.mark.parametrize("kind", ["consent_withdrawn", "consent_given"])
def test_what_a_person_says_is_said_of_both_identifiers(kind: str) -> None:
    statement = event(MAIL, kind, '{"purposes":["identity"]}')
    both = {Pseudonyms(key, "DE").identifier("email", "anna@mail.example") for key in (OLD, NEW)}
    assert set(accepted(BOTH, statement).event.identifiers) == both
    assert len(accepted(OLD, statement).event.identifiers) == 1
    assert len(accepted(BOTH, event(MAIL)).event.identifiers) == 1


def test_the_memory_is_bounded() -> None:
    remembered = Remembered(3)
    remembered.add(map(str, range(10)))
    assert [one for one in map(str, range(10)) if one in remembered] == ["7", "8", "9"] and len(remembered) == 3
    remembered.forget("8")
    assert "8" not in remembered
