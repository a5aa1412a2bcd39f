"""What an expression may read: the one list that the check, the evaluation and the documentation derive from.

An input that has no value is unknown, and so is a condition that needs it; a condition that is unknown does not hold.
"""

from typing import Final, NamedTuple

LIST_KEPT: Final = 64
"""The most elements that an input's list or map has."""

PLACE, CLOCK, LIVE, PERSONAL = "place", "clock", "live", "personal"
"""What an input changes with: the tag alone; the store's clock; stock and queues; the person who scans."""
CONTEXT, REWARDS = "context", "rewards"
"""Who evaluates expressions."""
BOTH: Final = frozenset((CONTEXT, REWARDS))
HERE: Final = frozenset((CONTEXT,))
SPENT: Final = frozenset((REWARDS,))


class Input(NamedTuple):
    """``type`` as ``schemas.expressions.check`` writes it; ``unknown`` says when there is no value; ``read_by`` who
    knows it."""

    name: str
    type: str
    changes_with: str
    meaning: str
    unknown: str = "never"
    read_by: frozenset[str] = HERE


_NO_STORE = "the tag has no store, or the brand does not list it"
_NO_CAPACITY = "the store reported nothing of the service, or what it reported has expired"

INPUTS: Final = (
    Input("event.type", "string", PLACE, "The kind of touchpoint: scan, nfc_tap, sale …", read_by=BOTH),
    Input("event.trust", "int", LIVE, "How far the touchpoint is trusted, 0 to 100", "nothing judged it", BOTH),
    Input("event.trust_reasons", "list(string)", LIVE, "Why it is trusted less", read_by=BOTH),
    Input("event.campaign", "string", PLACE, "The campaign of the tag or link", "there is none", BOTH),
    Input("event.amount", "double", PERSONAL, "What was paid, in units of event.currency", "it has no amount", SPENT),
    Input("event.currency", "string", PERSONAL, "ISO 4217 code of the amount", "it has no amount", SPENT),
    Input("tag.id", "string", PLACE, "The tag", "there is none", BOTH),
    Input("tag.placement", "string", PLACE, "Where the tag is: shelf, poster, packaging …", "there is none", BOTH),
    Input("store.id", "string", PLACE, "The store of the touchpoint", "it has none", BOTH),
    Input("store.country", "string", PLACE, "ISO 3166 code of the store's country", _NO_STORE, BOTH),
    Input("store.open", "bool", CLOCK, "Whether the store is open, public holidays included", "its hours do not say"),
    Input("store.minutes_until_closing", "int", CLOCK, "Minutes until the store closes", "it is closed, or stays open"),
    Input("product.id", "string", PLACE, "The SKU of the product at hand", "there is none", BOTH),
    Input("product.category", "string", PLACE, "Its category", "it has none", BOTH),
    Input("time.hour", "int", CLOCK, "Hour of the store's clock, 0 to 23", _NO_STORE, BOTH),
    Input("time.minute", "int", CLOCK, "Minute of the store's clock, 0 to 59", _NO_STORE, BOTH),
    Input("time.weekday", "string", CLOCK, "Mo, Tu, We, Th, Fr, Sa or Su in the store", _NO_STORE, BOTH),
    Input("time.date", "string", CLOCK, "The day in the store, such as 2026-03-02; texts compare", _NO_STORE, BOTH),
    Input(
        "time.daypart",
        "string",
        CLOCK,
        "night (0-5), morning (6-10), noon (11-13), afternoon (14-17) or evening (18-23)",
        _NO_STORE,
        BOTH,
    ),
    Input(
        "time.public_holiday", "bool", CLOCK, "Whether it is a public holiday in the store's region", _NO_STORE, BOTH
    ),
    Input("place.kind", "string", PERSONAL, "in_store, near, home or away", "nothing fresh says where the person is"),
    Input("place.in_store", "bool", PERSONAL, "Whether the person is in a store, as far as anything says"),
    Input("place.store", "string", PERSONAL, "The store that the person is in or near", "there is none"),
    Input("place.evidence", "string", PERSONAL, "tag, visit, sighting, network or position", "as place.kind"),
    Input("place.age_s", "int", PERSONAL, "Seconds since the evidence", "as place.kind"),
    Input("behaviour.visits", "int", PERSONAL, "Store visits, this one included"),
    Input(
        "behaviour.days_since_visit",
        "int",
        PERSONAL,
        "Whole days since the store visit before this one",
        "there was none",
    ),
    Input("behaviour.viewed_product", "string", PERSONAL, "SKU of the product viewed last, online", "none was"),
    Input("behaviour.viewed_categories", "list(string)", PERSONAL, "Categories viewed online, the last ones"),
    Input("behaviour.bought_product", "bool", PERSONAL, "Whether the product at hand was bought before"),
    Input("behaviour.bought_categories", "list(string)", PERSONAL, "Categories of what was bought and kept"),
    Input("behaviour.purchases", "int", PERSONAL, "Purchases of which something was kept"),
    Input("behaviour.spent", "double", PERSONAL, "What stayed paid, in the brand's currency"),
    Input("behaviour.days_since_purchase", "int", PERSONAL, "Whole days since the last purchase", "there was none"),
    Input("behaviour.consent", "bool", PERSONAL, "Whether the person allows personalisation", "nobody asks for it"),
    Input("inventory.stock", "int", LIVE, "Units of the product in the store", "the store reported none"),
    Input("inventory.nearest_store", "string", LIVE, "The nearest other store that has the product", "none is known"),
    Input("inventory.nearest_m", "int", LIVE, "Metres to that store, as the crow flies", "none is known"),
    Input("capacity.free", "map(string, int)", LIVE, "Free places by service: capacity.free['fitting']", _NO_CAPACITY),
    Input("capacity.queue", "map(string, int)", LIVE, "People who wait, by service", _NO_CAPACITY),
    Input("capacity.wait_s", "map(string, int)", LIVE, "Seconds of expected wait, by service", _NO_CAPACITY),
    Input("person.tier", "string", PERSONAL, "The person's tier at the time of the event", "they have none", SPENT),
    Input("person.balance", "int", PERSONAL, "Points of the person before the event", read_by=SPENT),
    Input(
        "profile.answers",
        "map(string, string)",
        PERSONAL,
        "What the person answered, by question: 'oat' == profile.answers['milk']",
    ),
    Input("person.segments", "list(string)", PERSONAL, "Segments of the person", "segments are not computed yet"),
)
BY_NAME: Final = {one.name: one for one in INPUTS}


def names_read_by(reader: str) -> frozenset[str]:
    """The inputs that an evaluator knows: CONTEXT or REWARDS."""
    return frozenset(one.name for one in INPUTS if reader in one.read_by)
