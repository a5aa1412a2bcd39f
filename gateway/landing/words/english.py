"""The page's words in English."""

from typing import Final

from gateway.landing.words.model import Words

ENGLISH: Final = Words(
    language="en",
    open="Open",
    open_until="Open until {time}",
    closed="Closed",
    opens="Closed, opens {time}",
    today="Today {hours}",
    directions="Directions to {store}",
    in_stock="In stock: {count}",
    sold_out="Sold out here",
    pick_up="Pick up here today",
    rating="{rating} out of {best}",
    nearby="Stores nearby",
    available="Available nearby",
    free="Free places: {count}",
    queue="Waiting: {count}",
    wait="Expected wait: {time}",
    steps="How it works",
    points="Points earned: {count}",
    me="My points",
    send="Send",
    thanks="Thank you",
    privacy="Privacy",
)
