"""The page's words in French."""

from typing import Final

from gateway.landing.words.model import Words

FRENCH: Final = Words(
    language="fr",
    open="Ouvert",
    open_until="Ouvert jusqu’à {time}",
    closed="Fermé",
    opens="Fermé, ouvre {time}",
    today="Aujourd’hui {hours}",
    directions="Itinéraire vers {store}",
    in_stock="En stock : {count}",
    sold_out="Épuisé ici",
    pick_up="À retirer ici aujourd’hui",
    rating="{rating} sur {best}",
    nearby="Magasins à proximité",
    available="Disponible à proximité",
    free="Places libres : {count}",
    queue="En attente : {count}",
    wait="Attente estimée : {time}",
    steps="Comment faire",
    points="Points gagnés : {count}",
    me="Mes points",
    send="Envoyer",
    thanks="Merci",
    privacy="Confidentialité",
)
