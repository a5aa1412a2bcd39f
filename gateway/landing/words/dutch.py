"""The page's words in Dutch."""

from typing import Final

from gateway.landing.words.model import Words

DUTCH: Final = Words(
    language="nl",
    open="Open",
    open_until="Open tot {time}",
    closed="Gesloten",
    opens="Gesloten, opent {time}",
    today="Vandaag {hours}",
    directions="Route naar {store}",
    in_stock="Op voorraad: {count}",
    sold_out="Hier uitverkocht",
    pick_up="Vandaag hier ophalen",
    rating="{rating} van {best}",
    nearby="Winkels in de buurt",
    available="In de buurt verkrijgbaar",
    free="Vrije plaatsen: {count}",
    queue="Wachtenden: {count}",
    wait="Verwachte wachttijd: {time}",
    steps="Zo werkt het",
    points="Punten verdiend: {count}",
    me="Mijn punten",
    send="Versturen",
    thanks="Dank je wel",
    privacy="Privacy",
)
