"""The words of ``/me`` in English."""

from typing import Final

from gateway.profile.words.model import MeWords

ENGLISH: Final = MeWords(
    language="en",
    title="My points",
    points="Points: {count}",
    pending="Not available yet: {count}",
    expiring="Expiring on {date}: {count}",
    tier="Tier: {name}",
    next_tier="To {name}: {count}",
    as_of="As of {time}",
    coupons="My coupons",
    no_coupons="No coupons at the moment.",
    show="Show this code at the till.",
    until="Valid until {date}",
    more="More coupons: {count}",
    picture="QR code of {code}",
    bars="Barcode of {code}",
    entries="Latest entries",
    kinds={
        "earned": "Earned",
        "spent": "Spent",
        "returned": "Given back",
        "expired": "Expired",
        "reversed": "Taken back",
        "transferred": "Transferred",
        "adjusted": "Adjusted",
    },
    recommend="Recommend us",
    personal_link="Your personal link: both of you get points.",
    nothing="Nothing has been collected on this device yet.",
    begin="Scan a tag in the shop with this phone; what it earns is shown here.",
    gathering="We are gathering your points. This page loads again by itself.",
    away="This cannot be shown right now. Try again in a moment.",
    not_kept="Points are only kept once you allow us to recognise you.",
    card="Customer card",
    points_label="Points",
    until_label="Valid until",
    apple="Add to Apple Wallet",
    google="Add to Google Wallet",
)
