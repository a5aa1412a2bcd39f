"""The page's words in Hebrew."""

from typing import Final

from gateway.landing.words.model import Words

HEBREW: Final = Words(
    language="he",
    open="פתוח",
    open_until="פתוח עד {time}",
    closed="סגור",
    opens="סגור, נפתח {time}",
    today="היום {hours}",
    directions="הוראות הגעה: {store}",
    in_stock="במלאי: {count}",
    sold_out="אזל כאן",
    pick_up="איסוף כאן היום",
    rating="{rating} מתוך {best}",
    nearby="חנויות בסביבה",
    available="זמין בסביבה",
    free="מקומות פנויים: {count}",
    queue="ממתינים: {count}",
    wait="זמן המתנה משוער: {time}",
    steps="כך זה עובד",
    points="נקודות שנצברו: {count}",
    me="הנקודות שלי",
    send="שליחה",
    thanks="תודה",
    privacy="פרטיות",
)
