# ruff: noqa: E501 (agents are long)
"""User agents of phones: real models, with the forms in which browsers and apps write them.

Written by hand after the vendors' documents and what the apps send: Apple and Google for Safari, Chrome and the reduced
agents of Android, Meta for FBAN/FBAV and Instagram, LINE, Tencent (WeChat, QQ), Snap, ByteDance, X, Pinterest, LinkedIn,
Kakao, NAVER, Yandex, Samsung, Xiaomi, Huawei, Opera, Mozilla, DuckDuckGo, Microsoft, Brave.
"""

from collections.abc import Iterator

IPHONES = (
    ("16_7_10", "16.6", "20H350"),
    ("17_5_1", "17.5", "21F90"),
    ("18_1", "18.1", "22B83"),
    ("18_5", "18.5", "22F76"),
)
IPHONE_MODELS = ("iPhone10,3", "iPhone12,1", "iPhone14,5", "iPhone15,3", "iPhone16,2", "iPhone17,1")
ANDROIDS = (
    ("SM-S928B", "14", "UP1A.231005.007"), ("SM-S921U", "15", "AP3A.240905.015.A2"), ("SM-A546E", "14", "UP1A.231005.007"),
    ("SM-G991B", "13", "TP1A.220624.014"), ("SM-A127F", "13", "TP1A.220624.014"), ("SM-F946B", "14", "UP1A.231005.007"),
    ("Pixel 6a", "14", "AP2A.240805.005"), ("Pixel 8 Pro", "15", "AP4A.250205.002"), ("Pixel 9", "15", "BP1A.250305.019"),
    ("Redmi Note 12", "13", "TKQ1.221114.001"), ("M2101K6G", "12", "SKQ1.210908.001"), ("2201117TG", "13", "TKQ1.221114.001"),
    ("23127PN0CG", "14", "UKQ1.230804.001"), ("POCO F3", "12", "SKQ1.211006.001"), ("CPH2581", "14", "UKQ1.230924.001"),
    ("CPH2127", "12", "RKQ1.211119.001"), ("RMX3710", "13", "TP1A.220905.001"), ("V2250", "13", "TP1A.220624.014"),
    ("ONEPLUS A6013", "11", "RKQ1.201217.002"), ("IN2023", "13", "RKQ1.211119.001"), ("moto g54 5G", "14", "U1TDS34.94-12"),
    ("motorola edge 40", "14", "U1TLS34.115-13"), ("Nokia G42 5G", "14", "UKQ1.230804.001"), ("XQ-DQ54", "14", "67.2.A.2.118"),
    ("Nothing Phone (2)".replace(" (2)", " 2"), "14", "UP1A.231005.007"), ("A065", "14", "UP1A.231005.007"),
    ("CUBOT NOTE S", "6.0", "MRA58K"), ("CUBOT_X18_Plus", "8.0.0", "O00623"), ("CUBOT KINGKONG 9", "13", "TP1A.220624.014"),
    ("CUBOT P80", "13", "TP1A.220624.014"), ("CUBOT MAX 5", "14", "UP1A.231005.007"), ("CUBOT", "5.1", "LMY47I"),
    ("LM-Q720", "10", "QKQ1.200216.002"), ("ELE-L29", "10", "HUAWEIELE-L29"), ("ANE-LX1", "9", "HUAWEIANE-L01"),
    ("VOG-L29", "10", "HUAWEIVOG-L29"), ("TECNO KG5j", "12", "SP1A.210812.016"), ("Infinix X6833B", "13", "TP1A.220624.014"),
    ("itel A661W", "11", "RP1A.201005.001"), ("Fairphone 4", "13", "FP4.TP1C"), ("Doogee S96Pro", "10", "QP1A.190711.020"),
    ("S60", "11", "RP1A.200720.011"), ("BV9900", "10", "QP1A.190711.020"), ("TA-1053", "9", "PPR1.180610.011"),
)  # fmt: skip


def phone_agents() -> list[str]:
    """More than 500, each once."""
    return list(dict.fromkeys((*_iphones(), *_androids(), *_others())))


def _iphones() -> Iterator[str]:
    for (system, version, build), model in zip(IPHONES * 2, IPHONE_MODELS + IPHONE_MODELS[:2], strict=True):
        for device in ("iPhone; CPU iPhone OS", "iPad; CPU OS"):
            engine = f"Mozilla/5.0 ({device} {system} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            dotted = system.replace("_", ".")
            yield f"{engine} Version/{version} Mobile/15E148 Safari/604.1"
            yield f"{engine} Mobile/15E148"
            yield f"{engine} CriOS/137.0.7151.107 Mobile/15E148 Safari/604.1"
            yield f"{engine} FxiOS/139.0 Mobile/15E148 Safari/605.1.15"
            yield f"{engine} Version/{version} EdgiOS/137.0.3296.92 Mobile/15E148 Safari/604.1"
            yield f"{engine} GSA/375.0.772344388 Mobile/15E148 Safari/604.1"
            yield f"{engine} Version/{version} Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"
            yield f"{engine} Version/{version} Mobile/15E148 Safari/604.1 Ddg/{version}"
            yield f"{engine} OPT/5.5.1 Mobile/{build}"
            yield f"{engine} Version/{version} YaBrowser/25.4.5.413.10 SA/3 Mobile/15E148 Safari/604.1"
            yield (
                f"{engine} Mobile/15E148 Instagram 385.0.0.26.75 ({model}; iOS {system}; en_US; en; scale=3.00; "
                "1170x2532; 749180011; IABMV/1)"
            )
            yield (
                f"{engine} Mobile/{build} [FBAN/FBIOS;FBAV/515.0.0.37.90;FBBV/737236290;FBDV/{model};FBMD/iPhone;"
                f"FBSN/iOS;FBSV/{dotted};FBSS/3;FBCR/;FBID/phone;FBLC/en_GB;FBOP/80]"
            )
            yield f"{engine} Mobile/15E148 Safari Line/15.8.1"
            yield f"{engine} Mobile/15E148 Safari Line/15.8.1 LIFF"
            yield f"{engine} Mobile/15E148 MicroMessenger/8.0.60(0x18003c2c) NetType/WIFI Language/en"
            yield f"{engine} Mobile/15E148 Snapchat/13.44.0.36 (like Safari/8621.2.5.10.8, panda)"
            yield (
                f"{engine} Mobile/15E148 musical_ly_39.9.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en "
                "Region/GB RevealType/Dialog isDarkMode/1 WKWebView/1 BytedanceWebview/d8a21c6 FalconTag/1"
            )
            yield f"{engine} Mobile/15E148 Twitter for iPhone/11.5"
            yield f"{engine} Mobile/15E148 [Pinterest/iOS]"
            yield f"{engine} Mobile/15E148 [LinkedInApp]/9.31.1262"
            yield f"{engine} Mobile/15E148 KAKAOTALK 25.4.2"
            yield f"{engine} Mobile/15E148 NAVER(inapp; search; 2000; 12.12.20; 14PRO)"
            yield f"{engine} Version/{version} Mobile/15E148 BingSapphire/1.0.430527001"


def _androids() -> Iterator[str]:
    for model, system, build in ANDROIDS:
        whole = f"Mozilla/5.0 (Linux; Android {system}; {model} Build/{build})"
        view = f"Mozilla/5.0 (Linux; Android {system}; {model} Build/{build}; wv)"
        engine, chrome = "AppleWebKit/537.36 (KHTML, like Gecko)", "Chrome/137.0.7151.90 Mobile Safari/537.36"
        yield f"Mozilla/5.0 (Linux; Android {system}; {model}) {engine} Chrome/120.0.6099.144 Mobile Safari/537.36"
        yield f"{whole} {engine} {chrome}"
        yield f"Mozilla/5.0 (Linux; Android {system}; {model}) {engine} Chrome/136.0.0.0 Mobile Safari/537.36 OPR/90.0.0.0"
        yield f"Mozilla/5.0 (Linux; Android {system}; {model}) {engine} {chrome} EdgA/137.0.3296.92"
        yield f"Mozilla/5.0 (Linux; Android {system}; SAMSUNG {model}) {engine} SamsungBrowser/28.0 {chrome}"
        yield f"{view} {engine} Version/4.0 {chrome}"
        yield (
            f"{view} {engine} Version/4.0 {chrome} Instagram 382.0.0.49.84 Android (34/{system}; 450dpi; 1080x2340; "
            f"vendor; {model}; device; soc; en_GB; 741301133)"
        )
        yield f"{view} {engine} Version/4.0 {chrome} [FB_IAB/FB4A;FBAV/517.0.0.62.107;IABMV/1;]"
        yield f"{view} {engine} Version/4.0 {chrome} Line/15.8.0/IAB"
        yield (
            f"{view} {engine} Version/4.0 {chrome} XWEB/1340129 MMWEBSDK/20240404 MMWEBID/4127 "
            "MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 Weixin NetType/WIFI Language/en ABI/arm64"
        )
        yield f"{view} {engine} Version/4.0 {chrome} Snapchat/13.43.0.38 ({model}; Android {system}#34#34; gzip; )"
        yield (
            f"{view} {engine} Version/4.0 {chrome} musical_ly_2023908030 JsSdk/1.0 NetType/WIFI Channel/googleplay "
            "AppName/musical_ly app_version/39.8.3 ByteLocale/en ByteFullLocale/en Region/GB AppSkin/white "
            "AppTheme/light BytedanceWebview/d8a21c6 WebView/075113004008"
        )
        yield f"{view} {engine} Version/4.0 {chrome} TwitterAndroid"
        yield f"{view} {engine} Version/4.0 {chrome} [Pinterest/Android]"
        yield f"{view} {engine} Version/4.0 {chrome} GSA/16.23.61.sa.arm64"
        yield f"{view} {engine} Version/4.0 {chrome} MetaIAB Facebook"


def _others() -> Iterator[str]:
    """Reduced agents, and browsers that write the same for every model."""
    for release in range(100, 138, 3):
        yield (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{release}.0.0.0 Mobile Safari/537.36"
        )
        yield f"Mozilla/5.0 (Android 14; Mobile; rv:{release}.0) Gecko/{release}.0 Firefox/{release}.0"
        yield (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 "
            f"Chrome/{release}.0.0.0 Mobile Safari/537.36"
        )
    engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
    yield f"Mozilla/5.0 (Linux; U; Android 13; en-us; Redmi Note 12 Build/TKQ1) {engine} Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.9.1-gn"
    yield f"Mozilla/5.0 (Linux; U; Android 12; en-US; V2111 Build/SP1A) {engine} Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.6.0.1315 Mobile Safari/537.36"
    yield f"Mozilla/5.0 (Linux; Android 10; HarmonyOS; ANA-AN00; HMSCore 6.12.0.302) {engine} Chrome/99.0.4844.88 HuaweiBrowser/14.0.5.304 Mobile Safari/537.36"
    yield f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {engine} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"
    yield f"Mozilla/5.0 (Linux; arm_64; Android 14; SM-A546E) {engine} Chrome/134.0.0.0 YaBrowser/25.4.1.91.00 SA/3 Mobile Safari/537.36"
    yield f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {engine} Silk/133.4.8 like Chrome/133.0.6943.137 Safari/537.36"
    yield f"Mozilla/5.0 (Linux; Android 13; SM-S901B Build/TP1A; wv) {engine} Version/4.0 Chrome/110.0.5481.154 Mobile Safari/537.36 KAKAOTALK 2410220"
    yield f"Mozilla/5.0 (Linux; Android 13; SM-S901N Build/TP1A; wv) {engine} Version/4.0 Chrome/110.0.5481.154 Mobile Safari/537.36 NAVER(inapp; search; 1030; 12.3.5)"
    yield "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
