"""The words of ``/me`` in Dutch."""

from typing import Final

from gateway.profile.words.model import MeWords

DUTCH: Final = MeWords(
    language="nl",
    title="Mijn punten",
    points="Punten: {count}",
    pending="Nog niet beschikbaar: {count}",
    expiring="Vervallen op {date}: {count}",
    tier="Niveau: {name}",
    next_tier="Tot {name}: {count}",
    as_of="Bijgewerkt: {time}",
    coupons="Mijn tegoedbonnen",
    no_coupons="Op dit moment geen tegoedbonnen.",
    show="Laat deze code zien bij de kassa.",
    until="Geldig tot {date}",
    more="Meer tegoedbonnen: {count}",
    picture="QR-code van {code}",
    bars="Streepjescode van {code}",
    entries="Laatste boekingen",
    kinds={
        "earned": "Verdiend",
        "spent": "Besteed",
        "returned": "Teruggegeven",
        "expired": "Vervallen",
        "reversed": "Teruggeboekt",
        "transferred": "Overgedragen",
        "adjusted": "Gecorrigeerd",
    },
    recommend="Nodig een vriend uit",
    personal_link="Je persoonlijke link: jullie krijgen allebei punten.",
    nothing="Op dit apparaat is nog niets gespaard.",
    begin="Scan in de winkel een tag met deze telefoon; wat die oplevert, staat dan hier.",
    gathering="We verzamelen uw punten. De pagina laadt vanzelf opnieuw.",
    away="Dit kan nu niet worden getoond. Probeer het zo nog eens.",
    not_kept="Punten worden pas bewaard als u ons toestaat u te herkennen.",
    card="Klantenkaart",
    points_label="Punten",
    until_label="Geldig tot",
    apple="Toevoegen aan Apple Wallet",
    google="Toevoegen aan Google Wallet",
)
