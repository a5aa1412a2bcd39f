"""Words that stand for no value: whole values, without what they are wrapped in, casefolded (so with ss for ß)."""

from typing import Final


def listed(words: str) -> frozenset[str]:
    """The words of a list that are separated by ``|``."""
    return frozenset(words.split("|"))


WORDS: Final = listed(
    "null|nil|none|undefined|nan|void|empty|missing|blank|not set|unassigned|n/a|na|n.a|n.a.|n/v|k.a|k.a.|k. a.|k/a"
    "|not available|not applicable|anonymous|anonym|anon|guest|guest user|visitor|test|tester|testing|dummy|fake|sample"
    "|example|asdf|qwerty|qwertz|id|distinct_id|email|not_authenticated|unauthenticated|logged_out|object object|true"
    "|false|-1"
)
"""What programs and forms write."""
TYPED: Final = listed(
    "ask|ask later|ask me later|later|to ask|tbd|tba|tbc|t.b.d.|todo|to follow|unknown|not known|don't know|dont know"
    "|no idea|not given|not provided|none given|refused|refuses|declined|withheld|private|not wanted|no|nope|nothing"
    "|nobody|no email|no e-mail|no mail|no phone|no number|no card|no customer|no name|no account"
    "|keine|kein|keiner|keines|keine angabe|keine angaben|ohne|ohne angabe|nein|nichts|keine email|keine e-mail"
    "|keine mail|kein telefon|keine nummer|keine karte|kein kunde|unbekannt|nicht bekannt|nicht angegeben"
    "|nicht vorhanden|nicht verfügbar|weiss nicht|verweigert|will nicht|möchte nicht|entfällt|entfaellt|fehlt|leer"
    "|später|spaeter|folgt|wird nachgereicht|niemand|noch erfragen|erfragen|nachfragen"
    "|aucun|aucune|inconnu|inconnue|non renseigné|non communiqué|sans|néant|plus tard"
    "|ninguno|ninguna|desconocido|desconocida|no tiene|sin datos|sin correo|sin teléfono"
    "|nessuno|nessuna|sconosciuto|non disponibile|nenhum|nenhuma|desconhecido|não tem"
    "|geen|onbekend|ingen|ukjent|okänd|ukendt|ei ole|brak|nieznany|žádný|nincs|yok"
    "|нет|неизвестно|не указан|немає|无|無|没有|未知|なし|不明|없음"
)
"""What people type who do not have or do not want to give a value."""
COUNTER: Final = listed(
    "walk-in|walk in|walkin|walk-in customer|cash|cash customer|cash sale|counter|default|default customer|customer"
    "|general|retail customer|laufkunde|laufkundschaft|barverkauf|barkunde|gast|gastkunde|kunde|standardkunde|diverse"
    "|diverse kunden|endkunde|client de passage|client divers|passage|consumidor final|público general|publico general"
    "|cliente generico|cliente occasionale|passant"
)
"""Whom tills name as the customer of a sale at the counter; no address is one of these."""
