"""What the page of staff says, by language. Names in braces are filled in."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class StaffTexts(NamedTuple):
    """``kinds`` are the names of identifier types; what a person may allow is named by the privacy page's texts."""

    title: str
    sign_in_text: str
    key: str
    sign_in: str
    wrong_key: str
    sign_out: str
    find_text: str
    kind: str
    value: str
    find: str
    kinds: Mapping[str, str]
    found: str
    nothing_title: str
    nothing: str
    invalid: str
    too_many: str
    away: str
    in_shop: str
    nowhere: str
    interests: str
    categories: str
    product: str
    no_interests: str
    bought: str
    bought_on: str
    no_purchases: str
    balance: str
    points: str
    tier: str
    coupon: str
    coupon_until: str
    offers: str
    offer: str
    no_offers: str
    consent: str
    yes: str
    no: str
    ends: str
    again: str


ENGLISH: Final = StaffTexts(
    title="Your shopper",
    sign_in_text="Sign in with the key of your shop. It holds for twelve hours on this device.",
    key="Key",
    sign_in="Sign in",
    wrong_key="This is no key of staff.",
    sign_out="Sign out",
    find_text="Ask the shopper for one of these. Every look is written down.",
    kind="What you have",
    value="Number or address",
    find="Show",
    kinds={"loyalty": "Loyalty number", "customer": "Customer number", "email": "E-mail address", "phone": "Phone"},
    found="What the shopper likes",
    nothing_title="Nothing to show",
    nothing="Either nobody is known by this, or the person does not allow it. Ask them: they can allow it on "
    "{address}.",
    invalid="This is no such number or address. Look whether it is typed right.",
    too_many="Too many looks in a short time. Wait a little.",
    away="This does not work right now. Try again in a moment.",
    in_shop="In {store} since {time}.",
    nowhere="In no shop at the moment.",
    interests="Interested in",
    categories="Categories: {categories}",
    product="{name}: {times} ×, last on {day}",
    no_interests="Nothing was looked at lately.",
    bought="Bought last",
    bought_on="{day}: {categories}",
    no_purchases="No purchase is known.",
    balance="Balance",
    points="{points} points",
    tier="Tier: {name}",
    coupon="Coupon: {title}",
    coupon_until="Coupon: {title}, until {day}",
    offers="Open offers of this visit",
    offer="{title} ({time})",
    no_offers="None.",
    consent="What the shopper allows",
    yes="yes",
    no="no",
    ends="This page closes by itself after half an hour.",
    again="Done: close this",
)
GERMAN: Final = StaffTexts(
    title="Wer vor Ihnen steht",
    sign_in_text="Melden Sie sich mit dem Schlüssel Ihres Ladens an. Er gilt auf diesem Gerät zwölf Stunden.",
    key="Schlüssel",
    sign_in="Anmelden",
    wrong_key="Das ist kein Schlüssel für Mitarbeitende.",
    sign_out="Abmelden",
    find_text="Bitten Sie um eine dieser Angaben. Jede Abfrage wird festgehalten.",
    kind="Was Sie haben",
    value="Nummer oder Adresse",
    find="Zeigen",
    kinds={"loyalty": "Treuenummer", "customer": "Kundennummer", "email": "E-Mail-Adresse", "phone": "Telefon"},
    found="Was gefällt",
    nothing_title="Nichts zu zeigen",
    nothing="Entweder ist darunter niemand bekannt, oder die Person erlaubt es nicht. Fragen Sie nach: Unter {address} "
    "kann sie es erlauben.",
    invalid="Das ist keine solche Nummer oder Adresse. Prüfen Sie, ob sie richtig geschrieben ist.",
    too_many="Zu viele Abfragen in kurzer Zeit. Warten Sie etwas.",
    away="Das geht gerade nicht. Versuchen Sie es gleich noch einmal.",
    in_shop="Seit {time} in {store}.",
    nowhere="Zurzeit in keinem Laden.",
    interests="Interessiert sich für",
    categories="Kategorien: {categories}",
    product="{name}: {times} ×, zuletzt am {day}",
    no_interests="In letzter Zeit wurde nichts angesehen.",
    bought="Zuletzt gekauft",
    bought_on="{day}: {categories}",
    no_purchases="Kein Kauf bekannt.",
    balance="Guthaben",
    points="{points} Punkte",
    tier="Stufe: {name}",
    coupon="Gutschein: {title}",
    coupon_until="Gutschein: {title}, bis {day}",
    offers="Offene Angebote dieses Besuchs",
    offer="{title} ({time})",
    no_offers="Keine.",
    consent="Was erlaubt ist",
    yes="ja",
    no="nein",
    ends="Diese Seite schließt sich nach einer halben Stunde von selbst.",
    again="Fertig: schließen",
)
STAFF_TEXTS: Final = {"en": ENGLISH, "de": GERMAN}
"""By the languages of the privacy page's texts."""
