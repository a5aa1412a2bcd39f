"""The words of ``/me`` in Spanish."""

from typing import Final

from gateway.profile.words.model import MeWords

SPANISH: Final = MeWords(
    language="es",
    title="Mis puntos",
    points="Puntos: {count}",
    pending="Aún no disponibles: {count}",
    expiring="Caducan el {date}: {count}",
    tier="Nivel: {name}",
    next_tier="Hasta {name}: {count}",
    as_of="Actualizado: {time}",
    coupons="Mis cupones",
    no_coupons="Ningún cupón por ahora.",
    show="Muestre este código en la caja.",
    until="Válido hasta el {date}",
    more="Más cupones: {count}",
    picture="Código QR de {code}",
    bars="Código de barras de {code}",
    entries="Últimos movimientos",
    kinds={
        "earned": "Ganados",
        "spent": "Usados",
        "returned": "Devueltos",
        "expired": "Caducados",
        "reversed": "Retirados",
        "transferred": "Transferidos",
        "adjusted": "Corregidos",
    },
    recommend="Recomiéndanos",
    personal_link="Tu enlace personal: los dos recibís puntos.",
    nothing="En este dispositivo aún no se ha reunido nada.",
    begin="Escanee una etiqueta en la tienda con este teléfono; lo que gane aparecerá aquí.",
    gathering="Estamos reuniendo sus puntos. La página se vuelve a cargar sola.",
    away="No se puede mostrar en este momento. Inténtelo de nuevo enseguida.",
    not_kept="Los puntos solo se guardan si nos permite reconocerle.",
    card="Tarjeta de cliente",
    points_label="Puntos",
    until_label="Válido hasta",
    apple="Añadir a Apple Wallet",
    google="Añadir a Google Wallet",
)
