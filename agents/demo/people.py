"""The people and firms of the simulated day: every name is invented, and so are the streets; only cities are real.

A consignee is a number; its name and address follow from the number, so that a million of them need no memory.
"""

from array import array
from random import Random
from typing import Final, NamedTuple

FIRST: Final = (
    "Alderia Brisco Calwen Dorrit Elowyn Farrow Gwendra Hollin Iseldra Jorven Kestra Lowin Merrit Norvel Orlaith "
    "Perrin Quillon Rowena Sorrel Tamsyn Ulric Vesper Wystan Yarrow Zephra Ansel Bryony Corwin Delphia Edrik Fenna"
).split()
LAST: Final = (
    "Ashwhistle Brantwick Copperlane Dunmarrow Elderquill Fennimoor Glasswater Hartlebrook Ivorstone Juniperly "
    "Kettlemoor Larkhollow Marrowfield Nettlecombe Oakenvale Pebbleworth Quillmoor Ravensloe Saltmarsher Thornbury-Vey "
    "Umberfold Vinterholm Wickersley Yewbarrow Zandermoor Ambleforth Birchlow Cloverdene Dappleby Emberwick Foxglade "
    "Gorsehill Hazelmere Inkwell Jasperton Kindlewood Lintwhite Moorcastle Nightingrove Orchardson Plumbeck"
).split()
STREETS: Final = (
    "Larkspur Juniper Millrace Copperfield Foxglove Harvester Lantern Meadowlark Quarry Saddler Tannery Windmill "
    "Bluestem Cottonwood Driftwood Elderberry Ferryman Goldfinch Hickory Ironwood Kingfisher Limestone Mulberry "
    "Nightjar Orchard Persimmon Quail Riverbend Sagebrush Thistle Violet Willowbrook Yarrow Ambergate"
).split()
KINDS: Final = (("St", "Street"), ("Ave", "Avenue"), ("Rd", "Road"), ("Blvd", "Boulevard"), ("Ln", "Lane"))
PLACES: Final = tuple(
    tuple(place.split("/"))
    for place in (
        "Jamaica/NY/11430 Newark/NJ/07114 Chicago/IL/60666 Memphis/TN/38118 Louisville/KY/40213 Anchorage/AK/99502 "
        "Miami/FL/33122 Atlanta/GA/30320 Dallas/TX/75261 Laredo/TX/78045 Buffalo/NY/14206 Detroit/MI/48209 "
        "Seattle/WA/98158 Portland/OR/97218 Oakland/CA/94621 Denver/CO/80249 Boston/MA/02128 Columbus/OH/43217 "
        "Savannah/GA/31408 Houston/TX/77032 Phoenix/AZ/85034 Cleveland/OH/44135 Omaha/NE/68110 Tucson/AZ/85706 "
        "Bangor/ME/04401 Boise/ID/83705 Spokane/WA/99224 Albany/NY/12211 Toledo/OH/43604"
    ).split()
)
SHOPS: Final = "Outfitters Gadgets Toys Garden Lighting Kitchenware Sporting Bookbinders Textiles Ceramics".split()
TRADERS: Final = "Trading Exports Handelshaus Mercantile Commerce Brands Atelier Collective".split()

_NAMES: Final = len(FIRST) * len(LAST)


class PopulationShare(NamedTuple):
    """How many of the day's bills go to consignees of one kind, and how many one of them gets."""

    kind: str
    of_bills: float
    least: int
    most: int


SHARES: Final = (
    # Goods for a shop: the shop is the person (HQ H275530, in ace-rules section 3.1).
    PopulationShare("shop", 0.13, 4, 40),
    # Unsold goods to a warehouse: the warehouse is the person (ruling of 28 July 2020, ace-rules section 3.1) ...
    PopulationShare("warehouse", 0.04, 40, 160),
    # ... unless the owner is named "care of" it (FAQ of 2021); then one address hosts many lawful persons.
    PopulationShare("owner", 0.06, 3, 16),
)
ONE_TO_THREE: Final = (0.7, 0.92)
"""Share of ordinary consignees with one bill, and with at most two; the others have three."""
IDENTIFIED: Final = 0.3
"""Share of shops that are named by their tax identifier instead of name and address."""
NEXT_WAREHOUSE: Final = 0.2
"""How often the next firm is at another warehouse than the one before."""


class Population(NamedTuple):
    """How the bills of a day are spread over consignees."""

    shares: tuple[PopulationShare, ...] = SHARES
    one_to_three: tuple[float, float] = ONE_TO_THREE


POPULATION: Final = Population()


class Consignees:
    """The consignees of a day: first ordinary persons, then shops, warehouses and owners."""

    def __init__(self, rng: Random, bills: int, population: Population = POPULATION) -> None:
        self._firms: list[tuple[str, str, str]] = []
        self.of_bill = array("I")
        """Number of the consignee of each bill of the day."""
        of_firms = sum(int(share.of_bills * bills) for share in population.shares)
        self.ordinary = self._ordinary(rng, bills - of_firms, *population.one_to_three)
        for share in population.shares:
            self._share_out(rng, share, int(share.of_bills * bills))
        rng.shuffle(self.of_bill)

    def is_firm(self, number: int) -> bool:
        """Return whether this is a shop, a warehouse or an owner, who get many bills a day."""
        return number >= self.ordinary

    def fragment(self, number: int, *, otherwise: bool = False, stateless: bool = False) -> str:
        """Return the consignee as JSON; `otherwise` spells the same address in another way."""
        if number >= self.ordinary:
            plain, respelt, without_state = self._firms[number - self.ordinary]
            return without_state if stateless else respelt if otherwise else plain
        name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
        draw = number // _NAMES
        line = f"{number * 7919 % 9973 + 1} {STREETS[draw % len(STREETS)]}"
        kind = KINDS[draw // len(STREETS) % len(KINDS)]
        return _named(name, line, kind, PLACES[number % len(PLACES)], otherwise=otherwise, stateless=stateless)

    def newcomer(self) -> int:
        """Return the number of an ordinary consignee who has no bill yet."""
        self.ordinary_taken -= 1
        return self.ordinary_taken

    def _ordinary(self, rng: Random, bills: int, few: float, some: float) -> int:
        number = 0
        while bills > 0:
            draw = rng.random()
            count = min(bills, 1 if draw < few else 2 if draw < some else 3)
            self.of_bill.extend([number] * count)
            bills -= count
            number += 1
        # Numbers kept free for consignees that appear later: those of split orders and of amendments.
        self.ordinary_taken = number + max(64, number // 20)
        return self.ordinary_taken

    def _share_out(self, rng: Random, share: PopulationShare, bills: int) -> None:
        """Share `bills` among firms of one kind; the last one gets the rest."""
        warehouse, place = "", PLACES[0]
        while bills > 0:
            count = min(bills, rng.randint(share.least, share.most))
            number = self.ordinary + len(self._firms)
            if not warehouse or rng.random() < NEXT_WAREHOUSE:
                warehouse, place = f"{rng.choice(STREETS)} Fulfilment {rng.randint(2, 99)}", rng.choice(PLACES)
            self._firms.append(_firm(rng, share.kind, number, warehouse, place))
            self.of_bill.extend([number] * count)
            bills -= count


def _named(
    name: str, line: str, kind: tuple[str, str], place: tuple[str, ...], *, otherwise: bool, stateless: bool
) -> str:
    """Return a consignee with a name and an address as JSON."""
    city, state, postal = place
    short, long = kind
    if otherwise:
        # The same person to a customs officer, and to the consignee key.
        name, line, short, city, postal = name.upper(), line.upper(), long, city.upper(), f"{postal}-0001"
    where = "" if stateless else f'"state":"{state}",'
    return (
        f'{{"name":"{name}","address":{{"lines":["{line} {short}"],"city":"{city}",{where}'
        f'"postal":"{postal}","country":"US"}}}}'
    )


def _firm(rng: Random, kind: str, number: int, warehouse: str, place: tuple[str, ...]) -> tuple[str, str, str]:
    """Return a firm as JSON: as usual, spelt otherwise, and without its state."""
    surname = rng.choice(LAST)
    if kind == "shop" and rng.random() < IDENTIFIED:
        known = f'{{"identifier_type":"EI","identifier":"{rng.randint(10, 99)}-{number:07d}00"}}'
        return known, known, known
    if kind == "shop":
        name, line, place = (
            f"{surname} {rng.choice(SHOPS)} {number}",
            f"{number} {rng.choice(STREETS)}",
            rng.choice(PLACES),
        )
    elif kind == "warehouse":
        name, line = f"{warehouse} No {number}", f"{number % 99 + 1} Cargo"
    else:
        name, line = f"{surname} {rng.choice(TRADERS)} {number} c/o {warehouse}", f"12 {warehouse.split(maxsplit=1)[0]}"
    plain, respelt, without = (
        _named(name, line, KINDS[2], place, otherwise=otherwise, stateless=stateless)
        for otherwise, stateless in ((False, False), (True, False), (False, True))
    )
    return plain, respelt, without
