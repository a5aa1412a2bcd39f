"""The page's words in Polish."""

from typing import Final

from gateway.landing.words.model import Words

POLISH: Final = Words(
    language="pl",
    open="Otwarte",
    open_until="Otwarte do {time}",
    closed="Zamknięte",
    opens="Zamknięte, otwarcie: {time}",
    today="Dzisiaj {hours}",
    directions="Dojazd: {store}",
    in_stock="W magazynie: {count}",
    sold_out="Tutaj wyprzedane",
    pick_up="Odbiór tutaj dzisiaj",
    rating="{rating} na {best}",
    nearby="Sklepy w pobliżu",
    available="Dostępne w pobliżu",
    free="Wolne miejsca: {count}",
    queue="Oczekujący: {count}",
    wait="Przewidywany czas oczekiwania: {time}",
    steps="Jak to działa",
    points="Zdobyte punkty: {count}",
    me="Moje punkty",
    send="Wyślij",
    thanks="Dziękujemy",
    privacy="Prywatność",
)
