"""The words of ``/me`` in Portuguese."""

from typing import Final

from gateway.profile.words.model import MeWords

PORTUGUESE: Final = MeWords(
    language="pt",
    title="Os meus pontos",
    points="Pontos: {count}",
    pending="Ainda não disponíveis: {count}",
    expiring="Expiram em {date}: {count}",
    tier="Nível: {name}",
    next_tier="Até {name}: {count}",
    as_of="Atualizado: {time}",
    coupons="Os meus cupões",
    no_coupons="Nenhum cupão de momento.",
    show="Mostre este código na caixa.",
    until="Válido até {date}",
    more="Mais cupões: {count}",
    picture="Código QR de {code}",
    bars="Código de barras de {code}",
    entries="Últimos movimentos",
    kinds={
        "earned": "Ganhos",
        "spent": "Usados",
        "returned": "Devolvidos",
        "expired": "Expirados",
        "reversed": "Estornados",
        "transferred": "Transferidos",
        "adjusted": "Corrigidos",
    },
    recommend="Recomende-nos",
    personal_link="O seu link pessoal: ambos recebem pontos.",
    nothing="Ainda não foi reunido nada neste dispositivo.",
    begin="Leia uma etiqueta na loja com este telefone; o que ganhar aparece aqui.",
    gathering="Estamos a reunir os seus pontos. A página recarrega sozinha.",
    away="Não é possível mostrar agora. Tente de novo dentro de momentos.",
    not_kept="Os pontos só são guardados se nos permitir reconhecê-lo.",
    card="Cartão de cliente",
    points_label="Pontos",
    until_label="Válido até",
    apple="Adicionar à Apple Wallet",
    google="Adicionar à Google Wallet",
)
