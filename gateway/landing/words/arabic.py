"""The page's words in Arabic."""

from typing import Final

from gateway.landing.words.model import Words

ARABIC: Final = Words(
    language="ar",
    open="مفتوح",
    open_until="مفتوح حتى {time}",
    closed="مغلق",
    opens="مغلق، يفتح {time}",
    today="اليوم {hours}",
    directions="الاتجاهات إلى {store}",
    in_stock="متوفر: {count}",
    sold_out="نفد هنا",
    pick_up="الاستلام هنا اليوم",
    rating="{rating} من {best}",
    nearby="متاجر قريبة",
    available="متوفر بالقرب منك",
    free="أماكن شاغرة: {count}",
    queue="في الانتظار: {count}",
    wait="الانتظار المتوقع: {time}",
    steps="الخطوات",
    points="النقاط المكتسبة: {count}",
    me="نقاطي",
    send="إرسال",
    thanks="شكرًا لك",
    privacy="الخصوصية",
)
