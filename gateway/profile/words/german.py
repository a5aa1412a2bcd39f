"""The words of ``/me`` in German."""

from typing import Final

from gateway.profile.words.model import MeWords

GERMAN: Final = MeWords(
    language="de",
    title="Meine Punkte",
    points="Punkte: {count}",
    pending="Noch nicht verfügbar: {count}",
    expiring="Verfallen am {date}: {count}",
    tier="Stufe: {name}",
    next_tier="Bis {name}: {count}",
    as_of="Stand: {time}",
    coupons="Meine Gutscheine",
    no_coupons="Zurzeit keine Gutscheine.",
    show="Zeigen Sie diesen Code an der Kasse.",
    until="Gültig bis {date}",
    more="Weitere Gutscheine: {count}",
    picture="QR-Code von {code}",
    bars="Strichcode von {code}",
    entries="Letzte Buchungen",
    kinds={
        "earned": "Gesammelt",
        "spent": "Eingelöst",
        "returned": "Zurückgegeben",
        "expired": "Verfallen",
        "reversed": "Zurückgebucht",
        "transferred": "Übertragen",
        "adjusted": "Korrigiert",
    },
    recommend="Weiterempfehlen",
    personal_link="Ihr persönlicher Link: Beide bekommen Punkte.",
    nothing="Auf diesem Gerät wurde noch nichts gesammelt.",
    begin="Scannen Sie im Laden einen Tag mit diesem Telefon; was er bringt, steht dann hier.",
    gathering="Wir stellen Ihre Punkte zusammen. Die Seite lädt von selbst neu.",
    away="Das lässt sich gerade nicht anzeigen. Versuchen Sie es gleich noch einmal.",
    not_kept="Punkte werden erst gutgeschrieben, wenn Sie erlauben, dass wir Sie wiedererkennen.",
    card="Kundenkarte",
    points_label="Punkte",
    until_label="Gültig bis",
    apple="Zu Apple Wallet hinzufügen",
    google="Zu Google Wallet hinzufügen",
)
