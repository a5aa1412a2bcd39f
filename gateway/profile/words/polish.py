"""The words of ``/me`` in Polish."""

from typing import Final

from gateway.profile.words.model import MeWords

POLISH: Final = MeWords(
    language="pl",
    title="Moje punkty",
    points="Punkty: {count}",
    pending="Jeszcze niedostępne: {count}",
    expiring="Wygasają {date}: {count}",
    tier="Poziom: {name}",
    next_tier="Do {name}: {count}",
    as_of="Stan: {time}",
    coupons="Moje kupony",
    no_coupons="Na razie brak kuponów.",
    show="Pokaż ten kod przy kasie.",
    until="Ważny do {date}",
    more="Więcej kuponów: {count}",
    picture="Kod QR: {code}",
    bars="Kod kreskowy: {code}",
    entries="Ostatnie operacje",
    kinds={
        "earned": "Zdobyte",
        "spent": "Wykorzystane",
        "returned": "Zwrócone",
        "expired": "Wygasłe",
        "reversed": "Cofnięte",
        "transferred": "Przeniesione",
        "adjusted": "Skorygowane",
    },
    recommend="Poleć nas",
    personal_link="Twój osobisty link: oboje dostajecie punkty.",
    nothing="Na tym urządzeniu nic jeszcze nie zebrano.",
    begin="Zeskanuj w sklepie etykietę tym telefonem; zdobyte punkty pojawią się tutaj.",
    gathering="Zbieramy Twoje punkty. Strona wczyta się ponownie sama.",
    away="Teraz nie można tego pokazać. Spróbuj za chwilę.",
    not_kept="Punkty są zapisywane dopiero, gdy pozwolisz się rozpoznawać.",
    card="Karta klienta",
    points_label="Punkty",
    until_label="Ważny do",
    apple="Dodaj do Apple Wallet",
    google="Dodaj do Google Wallet",
)
