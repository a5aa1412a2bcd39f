"""The brand of a large chain as YAML files: shops, tags, products and routes in any number."""

from pathlib import Path

BRAND = """\
brand:
  id: chain
  name: Chain
  currency: EUR
  country: DE
  fallback: https://shop.example/hello
  destinations: [https://shop.example]
rewards:
  - {id: scan, version: 1, on: [scan, nfc_tap], points: 5}
"""
ROUTE = """\
  - id: {id}
    priority: {priority}
    moment: buy
    promotes_product: true
    when: {{placements: [shelf], stores: [{store}], categories: [{category}], open: true}}
    action:
      kind: page
      title: Only {{stock}} left
      text: "{{product_name}} is nearly gone at {{store_name}}."
      label: Keep one for me
      url: https://shop.example/reserve/{{product}}?store={{store}}
"""
CATEGORIES = 40


def write_large_brand(folder: Path, shops: int = 250, tags: int = 50_000, routes: int = 2_000) -> Path:
    """Writes the files into the folder, which is created, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "brand.yaml").write_text(BRAND)
    products = range(max(CATEGORIES, tags // 25))
    lines = {
        "stores": [
            f'  - {{id: shop{n:03}, name: Shop {n}, time_zone: Europe/Berlin, hours: "Mo-Sa 08:00-20:00"}}\n'
            for n in range(shops)
        ],
        "products": [f"  - {{id: P-{n:04}, name: Product {n}, category: c{n % CATEGORIES}}}\n" for n in products],
        "tags": [
            f"  - {{id: shop{n % shops:03}-shelf{n // shops:03}, placement: shelf, store: shop{n % shops:03}, "
            f"zone: aisle-{n % 40}, product: P-{n % len(products):04}}}\n"
            for n in range(tags)
        ],
        "routes": [
            ROUTE.format(id=f"route-{n:04}", priority=n, store=f"shop{n % shops:03}", category=f"c{n % CATEGORIES}")
            for n in range(routes)
        ],
    }
    for section, items in lines.items():
        (folder / f"{section}.yaml").write_text(f"{section}:\n{''.join(items)}")
    return folder
