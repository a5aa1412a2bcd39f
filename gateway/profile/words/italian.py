"""The words of ``/me`` in Italian."""

from typing import Final

from gateway.profile.words.model import MeWords

ITALIAN: Final = MeWords(
    language="it",
    title="I miei punti",
    points="Punti: {count}",
    pending="Non ancora disponibili: {count}",
    expiring="In scadenza il {date}: {count}",
    tier="Livello: {name}",
    next_tier="Fino a {name}: {count}",
    as_of="Aggiornato: {time}",
    coupons="I miei buoni",
    no_coupons="Nessun buono al momento.",
    show="Mostri questo codice alla cassa.",
    until="Valido fino al {date}",
    more="Altri buoni: {count}",
    picture="Codice QR di {code}",
    bars="Codice a barre di {code}",
    entries="Ultimi movimenti",
    kinds={
        "earned": "Guadagnati",
        "spent": "Usati",
        "returned": "Restituiti",
        "expired": "Scaduti",
        "reversed": "Stornati",
        "transferred": "Trasferiti",
        "adjusted": "Corretti",
    },
    recommend="Consigliaci",
    personal_link="Il tuo link personale: entrambi ricevete punti.",
    nothing="Su questo dispositivo non è stato ancora raccolto nulla.",
    begin="Scansioni un’etichetta in negozio con questo telefono; ciò che guadagna appare qui.",
    gathering="Stiamo raccogliendo i suoi punti. La pagina si ricarica da sola.",
    away="Ora non è possibile mostrarlo. Riprovi tra un momento.",
    not_kept="I punti si conservano solo se ci permette di riconoscerla.",
    card="Carta cliente",
    points_label="Punti",
    until_label="Valido fino al",
    apple="Aggiungi a Apple Wallet",
    google="Aggiungi a Google Wallet",
)
