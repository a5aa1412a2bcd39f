"""The table of kinds: each once, and the sets that follow from it."""

from schemas.kinds import COST_REPORTED, FAMILIES, KINDS, MONEY, OFFLINE, OVERRIDES, PROBE, SCOPES, TYPES, types_of


def test_every_kind_is_listed_once_and_no_sender_may_send_a_probe() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) == sum(map(len, FAMILIES.values()))
    assert PROBE not in TYPES


def test_flags_make_the_sets() -> None:
    assert {"sale", "return"} == MONEY and {"identity_linked", "identity_unlinked"} == OVERRIDES
    assert {"scan", "store_entry", "coupon_redeemed"} <= OFFLINE
    assert not OFFLINE & {"sale", "return", "stock_reported", "page_view", COST_REPORTED}


def test_a_scope_is_a_family() -> None:
    assert SCOPES == ("events:write", "events:web", "events:sensor", "events:till", "events:crm", "events:points",
                      "events:identity", "events:costs")  # fmt: skip
    assert types_of(("events:write",)) == TYPES and types_of(("events:costs", "read:all")) == {COST_REPORTED}
    assert not types_of(())
