"""The words of ``/me`` in French."""

from typing import Final

from gateway.profile.words.model import MeWords

FRENCH: Final = MeWords(
    language="fr",
    title="Mes points",
    points="Points : {count}",
    pending="Pas encore disponibles : {count}",
    expiring="Expirent le {date} : {count}",
    tier="Niveau : {name}",
    next_tier="Jusqu’à {name} : {count}",
    as_of="Mis à jour : {time}",
    coupons="Mes bons",
    no_coupons="Aucun bon pour le moment.",
    show="Présentez ce code en caisse.",
    until="Valable jusqu’au {date}",
    more="Autres bons : {count}",
    picture="Code QR de {code}",
    bars="Code-barres de {code}",
    entries="Dernières opérations",
    kinds={
        "earned": "Gagnés",
        "spent": "Utilisés",
        "returned": "Rendus",
        "expired": "Expirés",
        "reversed": "Repris",
        "transferred": "Transférés",
        "adjusted": "Corrigés",
    },
    recommend="Recommandez-nous",
    personal_link="Votre lien personnel : vous recevez tous les deux des points.",
    nothing="Rien n’a encore été collecté sur cet appareil.",
    begin="Scannez une étiquette en magasin avec ce téléphone ; ce qu’elle rapporte s’affiche ici.",
    gathering="Nous rassemblons vos points. La page se recharge d’elle-même.",
    away="Impossible de l’afficher pour l’instant. Réessayez dans un moment.",
    not_kept="Les points ne sont conservés que si vous nous permettez de vous reconnaître.",
    card="Carte client",
    points_label="Points",
    until_label="Valable jusqu’au",
    apple="Ajouter à Apple Wallet",
    google="Ajouter à Google Wallet",
)
