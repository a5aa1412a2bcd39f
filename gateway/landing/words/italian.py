"""The page's words in Italian."""

from typing import Final

from gateway.landing.words.model import Words

ITALIAN: Final = Words(
    language="it",
    open="Aperto",
    open_until="Aperto fino alle {time}",
    closed="Chiuso",
    opens="Chiuso, apre {time}",
    today="Oggi {hours}",
    directions="Indicazioni per {store}",
    in_stock="Disponibili: {count}",
    sold_out="Esaurito qui",
    pick_up="Ritiro qui oggi",
    rating="{rating} su {best}",
    nearby="Negozi vicini",
    available="Disponibile nelle vicinanze",
    free="Posti liberi: {count}",
    queue="In attesa: {count}",
    wait="Attesa prevista: {time}",
    steps="Come funziona",
    points="Punti ottenuti: {count}",
    me="I miei punti",
    send="Invia",
    thanks="Grazie",
    privacy="Privacy",
)
