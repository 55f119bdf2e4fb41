"""Catalogues of any size that look like a wholesaler's: household, kitchen and workshop goods."""

from __future__ import annotations

import random

from agent.deciding.catalogue import Catalogue
from agent.deciding.details import Details, Facts, Pack, Place
from agent.deciding.products import Product, Wording

_MAKERS = (
    *("acorn", "alpine", "anchor", "atlas", "beacon", "bluebird", "boulder", "bridge", "cedar", "compass"),
    *("copperfield", "delta", "eagle", "evergreen", "falcon", "forest", "garden", "granite", "harbour"),
    *("highland", "island", "juniper", "kestrel", "lantern", "maple", "meadow", "north star", "oakwood"),
    *("orchard", "phoenix", "pioneer", "prairie", "river", "robin", "silverline", "summit", "sunrise"),
    *("timber", "valley", "willow"),
)
_KINDS = (
    *("heavy duty", "extra strong", "recycled", "premium", "economy", "professional", "small", "large"),
    *(
        "medium",
        "long",
        "short",
        "wide",
        "narrow",
        "black",
        "white",
        "blue",
        "green",
        "red",
        "yellow",
        "grey",
    ),
)
_GOODS = {
    "box": (
        *("hex bolts", "wood screws", "ear plugs", "washers", "lock nuts", "cable ties", "wall plugs"),
        *("latex gloves", "dust masks", "drill bits", "fuses", "paper clips", "envelopes", "matches"),
    ),
    "bottle": (
        *("machine oil", "wood glue", "glass cleaner", "dish soap", "hand soap", "olive oil", "vinegar"),
        *("apple juice", "floor cleaner", "descaler", "fabric softener", "shampoo"),
    ),
    "bag": (
        *("coffee", "rice", "flour", "sugar", "dog food", "cat litter", "charcoal", "cement", "sand"),
        *("bird seed", "lentils", "oats", "potting soil"),
    ),
    "pack": (
        *("batteries", "sponges", "light bulbs", "paper towels", "napkins", "sanding discs", "tea bags"),
        *("sticky notes", "pencils", "candles", "biscuits", "dish cloths"),
    ),
    "roll": (
        "duct tape",
        "masking tape",
        "bin bags",
        "copper wire",
        "foil",
        "bubble wrap",
        "insulation tape",
    ),
    "can": ("tomato soup", "tuna", "spray paint", "chick peas", "varnish", "primer", "black beans"),
}
_FOR = (
    *("", "for wood", "for metal", "for glass", "for stone", "for the kitchen", "for the garden"),
    *("for the workshop", "for the office", "for the bathroom"),
)


def made_catalogue(products: int, seed: int = 5) -> Catalogue:
    """`products` (up to 100,000) different ones, one language ('en'); a smaller catalogue of the same seed
    is the beginning of a larger one."""
    chance = random.Random(seed)  # noqa: S311
    goods = [(unit, thing) for unit, things in _GOODS.items() for thing in things]
    names: dict[str, str] = {}
    while len(names) < products:
        unit, thing = chance.choice(goods)
        parts = (chance.choice(_MAKERS), chance.choice(_KINDS), thing, chance.choice(_FOR))
        names.setdefault(" ".join(part for part in parts if part), unit)
    return Catalogue(
        1,
        "bench",
        1,
        "USD",
        tuple(
            Product(f"p{number}", unit, 100 + number % 1_000, {"en": Wording(name)})
            for number, (name, unit) in enumerate(names.items())
        ),
    )


def made_details(catalogue: Catalogue, catalogue_sha256: str, seed: int = 5) -> Details:
    """What its shop tells of each product, about as much as the sample catalogues do: pack, categories,
    place, attributes, and what goes with it."""
    chance = random.Random(seed)  # noqa: S311
    last = len(catalogue.products) - 1
    return Details(
        *(1, catalogue.shop_id, catalogue.version, catalogue_sha256),
        products={
            product.id: Facts(
                pack=Pack(chance.choice((100, 250, 500, 1_000)), "g" if product.unit == "bag" else "piece"),
                categories=(f"group-{chance.randrange(200)}",),
                hazard=("GHS07",) if chance.randrange(20) == 0 else (),
                place=Place(
                    f"{chance.randrange(60)}", f"{chance.choice('ABCDEF')} {chance.randrange(1, 40)}"
                ),
                attributes={
                    "length": f"{chance.randrange(200)} mm",
                    "weight": chance.randrange(9_000),
                },
                goes_with=(f"p{chance.randint(0, last)}",),
            )
            for product in catalogue.products
        },
    )
