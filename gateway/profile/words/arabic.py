"""The words of ``/me`` in Arabic."""

from typing import Final

from gateway.profile.words.model import MeWords

ARABIC: Final = MeWords(
    language="ar",
    title="نقاطي",
    points="النقاط: {count}",
    pending="غير متاحة بعد: {count}",
    expiring="تنتهي في {date}: {count}",
    tier="المستوى: {name}",
    next_tier="حتى {name}: {count}",
    as_of="حتى {time}",
    coupons="قسائمي",
    no_coupons="لا توجد قسائم حاليًا.",
    show="أظهر هذا الرمز عند الصندوق.",
    until="صالحة حتى {date}",
    more="قسائم أخرى: {count}",
    picture="رمز QR للقسيمة {code}",
    bars="الرمز الشريطي للقسيمة {code}",
    entries="آخر الحركات",
    kinds={
        "earned": "مكتسبة",
        "spent": "مستخدمة",
        "returned": "معادة",
        "expired": "منتهية",
        "reversed": "مستردة",
        "transferred": "محوّلة",
        "adjusted": "معدّلة",
    },
    recommend="ادعُ صديقًا",
    personal_link="رابطك الشخصي: كلاكما يحصل على نقاط.",
    nothing="لم يُجمع شيء على هذا الجهاز بعد.",
    begin="امسح علامة في المتجر بهذا الهاتف، وسيظهر ما تكسبه هنا.",
    gathering="نجمع نقاطك الآن. سيُعاد تحميل الصفحة تلقائيًا.",
    away="لا يمكن عرض هذا الآن. حاول مرة أخرى بعد قليل.",
    not_kept="لا تُحفظ النقاط إلا بعد أن تسمح لنا بالتعرف عليك.",
    card="بطاقة العميل",
    points_label="النقاط",
    until_label="صالحة حتى",
    apple="إضافة إلى Apple Wallet",
    google="إضافة إلى Google Wallet",
)
