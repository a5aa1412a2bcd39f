"""The words of ``/me`` in Hebrew."""

from typing import Final

from gateway.profile.words.model import MeWords

HEBREW: Final = MeWords(
    language="he",
    title="הנקודות שלי",
    points="נקודות: {count}",
    pending="עדיין לא זמינות: {count}",
    expiring="יפוגו ב-{date}: {count}",
    tier="דרגה: {name}",
    next_tier="עד {name}: {count}",
    as_of="נכון ל-{time}",
    coupons="הקופונים שלי",
    no_coupons="אין קופונים כרגע.",
    show="יש להציג את הקוד בקופה.",
    until="בתוקף עד {date}",
    more="קופונים נוספים: {count}",
    picture="קוד QR של {code}",
    bars="ברקוד של {code}",
    entries="תנועות אחרונות",
    kinds={
        "earned": "נצברו",
        "spent": "נוצלו",
        "returned": "הוחזרו לחשבון",
        "expired": "פגו",
        "reversed": "הוחזרו",
        "transferred": "הועברו",
        "adjusted": "תוקנו",
    },
    recommend="הזמנת חברים",
    personal_link="הקישור האישי שלך: שניכם מקבלים נקודות.",
    nothing="עדיין לא נצבר דבר במכשיר הזה.",
    begin="סרקו תג בחנות עם הטלפון הזה, ומה שנצבר יופיע כאן.",
    gathering="אנו אוספים את הנקודות שלך. הדף ייטען מחדש מעצמו.",
    away="לא ניתן להציג זאת כרגע. נסו שוב בעוד רגע.",
    not_kept="נקודות נשמרות רק לאחר שתאפשרו לנו לזהות אתכם.",
    card="כרטיס לקוח",
    points_label="נקודות",
    until_label="בתוקף עד",
    apple="הוספה ל-Apple Wallet",
    google="הוספה ל-Google Wallet",
)
