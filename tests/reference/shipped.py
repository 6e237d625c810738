"""The programmes that ship, as DESIGN and the table of regimes state them; ids of entries are those of the files."""

from datetime import date

from tests.reference.plain import Amount, Dated, Enforcement, Exclusion, Goods, Programme, World

EASTERN = "America/New_York"
IRC_TAX = Goods("goods-irc-tax", flag="irc-tax")
CHINA = frozenset({"CN", "HK"})

US_321 = Programme(
    "us-321",
    EASTERN,
    "USD",
    limits=(
        Amount("limit-200", last=date(2016, 3, 9), amount=20_000),
        Amount("limit-800", first=date(2016, 3, 10), amount=80_000),
    ),
    singles=(
        Amount("single-200", last=date(2016, 3, 9), amount=20_000),
        Amount("single-800", first=date(2016, 3, 10), amount=80_000),
    ),
    unaggregated=frozenset({"mail"}),
    certainty="B",
    suspensions=(
        Dated("suspension-2025", date(2025, 8, 29), date(2026, 6, 23)),
        Dated("suspension-2026-regulation", date(2026, 6, 24)),
    ),
    exclusions=(
        Exclusion("origin-cn-hk-2025-02", date(2025, 2, 4), date(2025, 2, 6), CHINA),
        Exclusion("origin-cn-hk-2025-05", date(2025, 5, 2), None, CHINA),
    ),
    goods=(
        Goods("goods-adcvd", flag="adcvd"),
        Goods("goods-quota", flag="quota"),
        IRC_TAX,
        Goods("goods-pga-manifest", flag="pga", filings=frozenset({"manifest"})),
        Goods("goods-fda-manifest", date(2025, 7, 9), flag="fda", filings=frozenset({"manifest"})),
    ),
    enforcement=(
        Enforcement("enforcement-warn", last=date(2025, 8, 11), enforced="warn"),
        Enforcement("enforcement-withhold", date(2025, 8, 12)),
    ),
)


def _gift(name: str, cents: int) -> Programme:
    first = date(1994, 1, 1)
    return Programme(
        name,
        EASTERN,
        "USD",
        limits=(Amount(f"{name}-limit-{cents // 100}", first, amount=cents),),
        singles=(Amount(f"{name}-single-{cents // 100}", first, amount=cents),),
        overflow="all_or_none",
        goods=(IRC_TAX,),
    )


def _korea(name: str, cents: int, **more: object) -> Programme:
    first, last = (None, date(2022, 11, 16)) if name == "kr-until-2022" else (date(2022, 11, 17), None)
    return Programme(
        name,
        "Asia/Seoul",
        "USD",
        limits=(Amount(f"{name}-limit-{cents // 100}", first, last, amount=cents),),
        singles=(Amount(f"{name}-single-{cents // 100}", first, last, amount=cents),),
        overflow="all_or_none",
        open_days=60,
        certainty="B",
        **more,  # type: ignore[arg-type]
    )


def _month(name: str, zone: str, first: date, cents: int) -> Programme:
    return Programme(
        name,
        zone,
        "USD",
        limits=(Amount(f"{name}-limit-{cents // 100}", first, amount=cents),),
        window="calendar-month",
        overflow="excess",
        certainty="B",
    )


EC = Programme(
    "ec",
    "America/Guayaquil",
    "USD",
    limits=(Amount("ec-limit-1600", date(2022, 1, 1), amount=160_000),),
    singles=(
        Amount("ec-single-400", date(2022, 1, 1), amount=40_000),
        Amount("ec-single-4-kg", date(2022, 1, 1), measure="weight", amount=4_000),
    ),
    window="calendar-year",
    overflow="skip",
    open_days=30,
    certainty="B",
)
PE = Programme(
    "pe",
    "America/Lima",
    "USD",
    limits=(Amount("pe-limit-200", amount=20_000),),
    singles=(Amount("pe-single-200", amount=20_000),),
    window="conveyance",
    overflow="all_or_none",
)
GE = Programme(
    "ge",
    "Asia/Tbilisi",
    "GEL",
    limits=(Amount("ge-limit-300", amount=30_000), Amount("ge-limit-30-kg", measure="weight", amount=30_000)),
    singles=(Amount("ge-single-300", amount=30_000), Amount("ge-single-30-kg", measure="weight", amount=30_000)),
    window="conveyance",
    per_seller=True,
    overflow="all_or_none",
    certainty="B",
)

ALL = (
    US_321,
    _gift("us-gift", 10_000),
    _gift("us-gift-insular", 20_000),
    _korea("kr", 15_000, date="purchase", per_seller=True),
    _korea("kr-us-list", 20_000, date="purchase", per_seller=True),
    _korea("kr-until-2022", 15_000),
    _month("az", "Asia/Baku", date(2020, 8, 1), 30_000),
    _month("uz", "Asia/Tashkent", date(2025, 5, 1), 20_000),
    _month("uz-post", "Asia/Tashkent", date(2025, 5, 1), 10_000),
    EC,
    PE,
    GE,
)
EVERY = World({programme.id: programme for programme in ALL})
"""All twelve enabled."""

SHIPPED = EVERY.enabled("us-321", "us-gift", "us-gift-insular")
"""Those that are enabled unless set."""
