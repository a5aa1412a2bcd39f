"""The page's words in German."""

from typing import Final

from gateway.landing.words.model import Words

GERMAN: Final = Words(
    language="de",
    open="Geöffnet",
    open_until="Geöffnet bis {time}",
    closed="Geschlossen",
    opens="Geschlossen, öffnet {time}",
    today="Heute {hours}",
    directions="Route: {store}",
    in_stock="Auf Lager: {count}",
    sold_out="Hier ausverkauft",
    pick_up="Heute hier abholen",
    rating="{rating} von {best}",
    nearby="Filialen in der Nähe",
    available="In der Nähe erhältlich",
    free="Freie Plätze: {count}",
    queue="Wartende: {count}",
    wait="Voraussichtliche Wartezeit: {time}",
    steps="So geht es",
    points="Punkte gesammelt: {count}",
    me="Meine Punkte",
    send="Senden",
    thanks="Danke",
    privacy="Datenschutz",
)
