"""What the households produce, by terrain: parcels with crops, livestock, aquaculture, forest, salt, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from service.demonstration.fields import Plot
from service.demonstration.land import Terrain

Item = dict[str, Any]

_LAND_USES: dict[Terrain, dict[str, float]] = {
    "town": {"LUC": 35, "HNK": 45, "CLN": 12, "NTS": 5, "ODT": 3},
    "coast": {"LUC": 45, "HNK": 35, "CLN": 7, "NTS": 8, "LMU": 5},
    "plain": {"LUC": 66, "LUK": 8, "HNK": 18, "CLN": 6, "NTS": 2},
    "hills": {"LUC": 34, "LUK": 8, "HNK": 22, "CLN": 24, "RSX": 12},
    "mountains": {"LUK": 34, "LUC": 10, "HNK": 26, "CLN": 8, "RSX": 18, "RPH": 4},
}

_CROPS: dict[str, dict[Terrain, tuple[str, ...]]] = {
    "LUC": {"mountains": ("rice", "sticky_rice"), "plain": ("rice", "rice", "rice", "sticky_rice")},
    "LUK": {"mountains": ("upland_rice", "rice"), "plain": ("rice",)},
    "HNK": {
        "town": ("leaf_vegetables", "fruit_vegetables", "flowers", "maize"),
        "coast": ("peanut", "peanut", "maize", "leaf_vegetables", "root_vegetables", "sweet_potato"),
        "plain": ("maize", "peanut", "sweet_potato", "beans", "leaf_vegetables"),
        "hills": ("sugarcane", "cassava", "maize", "peanut", "fodder_grass"),
        "mountains": ("maize", "cassava", "beans", "ginger", "taro"),
    },
    "CLN": {
        "hills": ("tea", "tea", "orange", "pomelo", "rubber", "pineapple"),
        "mountains": ("orange", "plum", "banana", "cardamom", "passion_fruit"),
        "plain": ("pomelo", "banana", "lemon", "other_fruit"),
    },
}

_YIELDS: dict[str, float] = {
    "rice": 5.9, "sticky_rice": 4.6, "upland_rice": 1.6, "maize": 4.7, "peanut": 2.6, "sweet_potato": 7.5,
    "cassava": 21,
    "sugarcane": 62, "beans": 1.1, "leaf_vegetables": 14, "fruit_vegetables": 18, "root_vegetables": 12, "flowers": 9,
    "fodder_grass": 90, "ginger": 15, "taro": 9, "tea": 11, "orange": 14, "pomelo": 12, "rubber": 1.4, "pineapple": 22,
    "plum": 6, "banana": 17, "cardamom": 0.6, "passion_fruit": 16, "lemon": 9, "other_fruit": 8,
}  # fmt: skip
"""Tonnes per hectare in an average year."""

_PERENNIAL = frozenset(
    {
        "tea",
        "orange",
        "pomelo",
        "rubber",
        "pineapple",
        "plum",
        "banana",
        "cardamom",
        "passion_fruit",
        "lemon",
        "other_fruit",
    }
)

_PRODUCTS: dict[str, tuple[str, str]] = {
    "rice": ("Gạo tẻ", "01110"), "sticky_rice": ("Gạo nếp", "01110"), "upland_rice": ("Gạo nương", "01110"),
    "maize": ("Ngô hạt", "01120"), "peanut": ("Lạc nhân", "01170"), "sweet_potato": ("Khoai lang", "01130"),
    "cassava": ("Sắn củ", "01130"), "sugarcane": ("Mía cây", "01140"), "beans": ("Đậu xanh", "01182"),
    "leaf_vegetables": ("Rau xanh", "01181"), "fruit_vegetables": ("Dưa chuột", "01181"),
    "flowers": ("Hoa cúc", "01183"),
    "root_vegetables": ("Hành tăm", "01181"), "ginger": ("Gừng củ", "01191"), "taro": ("Khoai sọ", "01130"),
    "fodder_grass": ("Cỏ voi", "01199"), "tea": ("Chè búp tươi", "01270"), "orange": ("Cam quả", "01213"),
    "pomelo": ("Bưởi hồng", "01213"), "rubber": ("Mủ cao su", "01250"), "pineapple": ("Dứa quả", "01212"),
    "plum": ("Mận quả", "01214"), "banana": ("Chuối tiêu", "01212"), "cardamom": ("Sa nhân khô", "01282"),
    "passion_fruit": ("Chanh leo", "01219"), "lemon": ("Chanh tươi", "01213"),
    "other_fruit": ("Trái cây vườn", "01219"),
}  # fmt: skip

_ANIMALS: dict[Terrain, tuple[tuple[str, float, int, int], ...]] = {
    "town": (("chicken_local", 0.5, 5, 60), ("duck_layer", 0.12, 5, 80), ("pig", 0.1, 1, 12)),
    "coast": (("chicken_local", 0.6, 8, 120), ("beef_local", 0.25, 1, 4), ("pig", 0.25, 1, 20),
    ("muscovy", 0.15, 5, 40)),
    "plain": (("chicken_local", 0.65, 8, 150), ("beef_local", 0.3, 1, 5), ("buffalo", 0.15, 1, 3), ("pig", 0.3, 1, 30),
              ("duck_meat_local", 0.2, 10, 300)),
    "hills": (("chicken_local", 0.7, 10, 200), ("buffalo", 0.3, 1, 4), ("beef_local", 0.3, 1, 6), ("pig", 0.3, 1, 25),
              ("goat", 0.08, 3, 20), ("bee_colony", 0.05, 2, 30), ("dairy_cow", 0.02, 2, 15)),
    "mountains": (("chicken_local", 0.75, 8, 80), ("buffalo", 0.45, 1, 6), ("beef_local", 0.4, 1, 8),
                  ("pig_fattening_local", 0.45, 1, 12), ("goat", 0.15, 3, 25), ("muscovy", 0.2, 4, 30)),
}  # fmt: skip
"""Kind, share of households that keep it, smallest and largest number of animals."""

_TENURES = {"owned": 84, "owned_without_papers": 7, "rented": 6, "contracted": 3}

_SERIAL_LETTERS = ("AĐ", "BA", "BH", "BK", "BX", "CB", "CE", "CH", "CM", "CP", "CT", "DA", "DB", "DD")


def parcels(random: Random, fields: Sequence[Plot], terrain: Terrain, mapped: Sequence[bool]) -> list[Item]:
    """Describe the fields of a household as parcels; ``mapped`` ones have their boundary.

    A household's fields are on one sheet of the cadastral map, with consecutive numbers.
    """
    sheet, number = random.randint(1, 42), random.randint(1, 1900)
    described = []
    for position, (field, drawn) in enumerate(zip(fields, mapped, strict=True)):
        numbers = {"map_sheet": str(sheet), "parcel_number": str(number + position)}
        described.append(_parcel(random, field, terrain, numbers, mapped=drawn))
    return described


def _parcel(random: Random, field: Plot, terrain: Terrain, numbers: Item, *, mapped: bool) -> Item:
    uses = _LAND_USES[terrain]
    land_use = random.choices(tuple(uses), tuple(uses.values()))[0]
    item: Item = {"land_use": land_use, "tenure": random.choices(tuple(_TENURES), tuple(_TENURES.values()))[0]}
    if random.random() < 0.97:
        item |= numbers
    else:
        item["unnumbered_reason"] = random.choice(("not_surveyed", "number_unknown"))
    if item["tenure"] == "owned" and random.random() < 0.8:
        item["certificate_serial"] = f"{random.choice(_SERIAL_LETTERS)} {random.randrange(1_000_000):06d}"
    item["declared_area_m2"] = _declared(random, field.area_m2)
    item["irrigation"] = _irrigation(random, land_use, terrain)
    area_m2 = min(field.area_m2, item["declared_area_m2"])
    house_m2 = _house(field, land_use)
    if house_m2:
        garden_m2 = round(item["declared_area_m2"] - house_m2, 1)
        residential = "ODT" if terrain == "town" else "ONT"
        del item["land_use"]
        item["land_uses"] = [
            {"land_use": residential, "area_m2": house_m2},
            {"land_use": land_use, "area_m2": garden_m2},
        ]
        area_m2 = min(area_m2, garden_m2)
    crops = _crops(random, area_m2, land_use, terrain)
    if crops:
        item["crops"] = crops
    if mapped:
        item["geometry"] = {"type": "Polygon", "coordinates": [field.ring]}
        item["boundary_method"] = random.choices(("drawn", "walked", "surveyed"), (60, 30, 10))[0]
    return item


def _house(field: Plot, land_use: str) -> float:
    """Draw the area of the house and yard in a garden, in m²: on one certificate with it. 0 for land without a house.

    Drawn from the field alone, so that the households that a seed gives stay as they were.
    """
    random = Random(f"house {field.area_m2}")
    if land_use not in ("CLN", "HNK") or field.area_m2 < 800 or random.random() > 0.25:
        return 0.0
    return float(random.randrange(80, 301, 10))


def _declared(random: Random, area_m2: float) -> float:
    """Draw the area on the certificate: usually close to the true one, sometimes far from it."""
    error = random.gauss(0, 0.015) if random.random() > 0.02 else random.choice((-0.22, 0.25))
    return round(area_m2 * (1 + error), 1)


def _irrigation(random: Random, land_use: str, terrain: Terrain) -> str:
    if land_use == "LUC":
        return random.choices(("gravity", "pumped"), (75, 25))[0]
    if terrain == "mountains" or land_use in ("RSX", "RPH"):
        return "none"
    return random.choices(("none", "gravity", "pumped", "groundwater", "drip"), (40, 20, 20, 17, 3))[0]


def _crops(random: Random, area_m2: float, land_use: str, terrain: Terrain) -> list[Item]:
    by_terrain = _CROPS.get(land_use)
    if by_terrain is None:
        return []
    crop = random.choice(by_terrain.get(terrain) or by_terrain["plain"])
    area = float(int(area_m2 * random.uniform(0.85, 0.97)))
    seasons = ["all_year"] if crop in _PERENNIAL else ["winter_spring"]
    if crop in ("rice", "leaf_vegetables", "maize") and random.random() < 0.75:
        seasons.append("summer_autumn")
    return [_crop(random, crop, season, area) for season in seasons]


def _crop(random: Random, crop: str, season: str, area: float) -> Item:
    tonnes_a_hectare = round(_YIELDS[crop] * random.uniform(0.75, 1.2), 2)
    item: Item = {"crop": crop, "year": 2025, "season": season, "area_m2": area, "harvested_area_m2": area}
    item |= {"yield_t_per_ha": tonnes_a_hectare, "output_t": round(area / 10_000 * tonnes_a_hectare, 3)}
    if crop in _PERENNIAL:
        item["planted_on"] = str(random.randint(2008, 2023))
    return item


def livestock(random: Random, terrain: Terrain) -> list[Item]:
    """Draw the animals of a household."""
    system = "free_range" if terrain == "mountains" else "household_pen"
    return [
        {"kind": kind, "heads": random.randint(fewest, most), "system": system, "vaccinated": random.random() < 0.7}
        for kind, share, fewest, most in _ANIMALS[terrain]
        if random.random() < share
    ]


def water_wood_and_salt(random: Random, terrain: Terrain) -> Item:
    """Draw aquaculture, forestry and salt, each under its own name, where the terrain allows them."""
    items: Item = {}
    if random.random() < {"coast": 0.16, "plain": 0.07, "hills": 0.06, "mountains": 0.05, "town": 0.03}[terrain]:
        shrimp = terrain == "coast" and random.random() < 0.7
        area = random.randint(300, 6000)
        items["aquaculture"] = [
            {
                "species": random.choice(("whiteleg_shrimp", "clam", "crab"))
                if shrimp
                else random.choice(("carp", "tilapia")),
                "water": "brackish" if shrimp else "freshwater",
                "method": "pond",
                "area_m2": area,
                "output_t": round(area / 10_000 * random.uniform(2, 9), 2),
            }
        ]
    if random.random() < {"mountains": 0.3, "hills": 0.2}.get(terrain, 0.01):
        species = (
            random.choice(("acacia", "acacia", "bamboo", "melia", "native")) if terrain == "mountains" else "acacia"
        )
        items["forestry"] = [
            {
                "species": species,
                "purpose": "production",
                "area_m2": random.randint(10, 300) * 100,
                "planted_on": str(random.randint(2015, 2025)),
            }
        ]
    if terrain == "coast" and random.random() < 0.04:
        area = random.randint(400, 3000)
        items["salt"] = [{"method": "sand_flat", "area_m2": area, "output_t": round(area / 10_000 * 80, 1)}]
    return items


def machinery(random: Random, terrain: Terrain) -> list[Item]:
    """Draw machines and tools."""
    chances = (
        ("power_tiller", 0.12, "diesel"),
        ("pump", 0.25, "electric"),
        ("sprayer", 0.3, "electric"),
        ("thresher", 0.05, "diesel"),
    )
    share = 0.6 if terrain == "mountains" else 1.0
    return [
        {"kind": kind, "count": 1, "power": power, "ownership": "own"}
        for kind, chance, power in chances
        if random.random() < chance * share
    ]


def products(
    random: Random, land: Sequence[Item], terrain: Terrain, names: Mapping[str, str], *, classified: bool
) -> list[Item]:
    """Draw what the household sells of its crops, with the activity's VSIC 2025 code where ``classified``.

    ``names`` are the province's own names of products by crop.
    """
    outputs: dict[str, float] = {}
    for each in land:
        for crop in each.get("crops", ()):
            outputs[crop["crop"]] = outputs.get(crop["crop"], 0) + crop["output_t"]
    sold = []
    for crop, output in outputs.items():
        if random.random() > 0.55:
            continue
        usual, vsic = _PRODUCTS[crop]
        name = names.get(crop, usual)
        product: Item = {"name": name, "annual_output": round(output * random.uniform(0.3, 0.95), 2), "unit": "t"}
        if classified:
            product["vsic"] = vsic
        product["scale"] = random.choices(("household", "part_market", "market"), (30, 50, 20))[0]
        if random.random() < 0.04:
            product["certifications"] = [{"scheme": random.choice(("vietgap", "food_safety"))}]
        if random.random() < 0.008 and terrain in ("hills", "mountains"):
            product["ocop"] = {"group": "food", "stars": random.choice((3, 3, 4))}
        sold.append(product)
    return sold


def digital(random: Random, terrain: Terrain, *, selling: bool) -> Item:
    """Draw the household's digital equipment and services."""
    share = {"town": 0.95, "coast": 0.88, "plain": 0.86, "hills": 0.78, "mountains": 0.55}[terrain]
    smartphone = random.random() < share
    internet = smartphone and random.random() < 0.9
    item: Item = {"smartphone": smartphone, "internet": internet, "payment_account": random.random() < share * 0.85}
    item["electronic_identity"] = smartphone and random.random() < 0.8
    if selling and internet and random.random() < 0.12:
        item["ecommerce"] = random.sample(("postmart", "voso", "facebook", "zalo", "shopee"), random.randint(1, 2))
    return item
