"""The page's words in Spanish."""

from typing import Final

from gateway.landing.words.model import Words

SPANISH: Final = Words(
    language="es",
    open="Abierto",
    open_until="Abierto hasta las {time}",
    closed="Cerrado",
    opens="Cerrado, abre {time}",
    today="Hoy {hours}",
    directions="Cómo llegar a {store}",
    in_stock="En stock: {count}",
    sold_out="Agotado aquí",
    pick_up="Recogida hoy aquí",
    rating="{rating} de {best}",
    nearby="Tiendas cercanas",
    available="Disponible cerca",
    free="Plazas libres: {count}",
    queue="En espera: {count}",
    wait="Espera estimada: {time}",
    steps="Cómo funciona",
    points="Puntos ganados: {count}",
    me="Mis puntos",
    send="Enviar",
    thanks="Gracias",
    privacy="Privacidad",
)
