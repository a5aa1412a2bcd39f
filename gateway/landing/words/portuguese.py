"""The page's words in Portuguese."""

from typing import Final

from gateway.landing.words.model import Words

PORTUGUESE: Final = Words(
    language="pt",
    open="Aberto",
    open_until="Aberto até {time}",
    closed="Fechado",
    opens="Fechado, abre {time}",
    today="Hoje {hours}",
    directions="Como chegar: {store}",
    in_stock="Em stock: {count}",
    sold_out="Esgotado aqui",
    pick_up="Levantar aqui hoje",
    rating="{rating} de {best}",
    nearby="Lojas próximas",
    available="Disponível nas proximidades",
    free="Lugares livres: {count}",
    queue="Em espera: {count}",
    wait="Espera prevista: {time}",
    steps="Como funciona",
    points="Pontos ganhos: {count}",
    me="Os meus pontos",
    send="Enviar",
    thanks="Obrigado",
    privacy="Privacidade",
)
