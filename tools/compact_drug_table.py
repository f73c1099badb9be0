"""Make service/record/medication/data/rxnorm-ingredients.tsv.gz from the full drug table (a CSV).

    python tools/compact_drug_table.py rxnorm-drug-ingredients.csv

The CSV has one row per pair of drug and ingredient: rxcui, name, tty, ingredient_rxcui, ingredient_name, route, ...
What a drug's name says about strength is read here once, so that the names need not be shipped.
"""

import csv
import gzip
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from service.record.medication.drug_names import NameSearch, brand_of, parse_name
from service.record.medication.drug_table import FORMAT, ROUTE_LETTERS

OUTPUT = (
    Path(__file__).resolve().parent.parent / "service" / "record" / "medication" / "data" / "rxnorm-ingredients.tsv.gz"
)
LETTERS = {route: letter for letter, route in ROUTE_LETTERS.items() if route}
BRANDED = {"SBD", "BPCK"}


def compact(rows: "list[dict[str, str]]") -> str:
    """The lines of the compact file."""
    drugs = defaultdict(list)
    for row in rows:
        drugs[row["rxcui"]].append(row)
    names = {row["ingredient_rxcui"]: row["ingredient_name"] for row in rows}
    lines = [FORMAT]
    lines += [f"I\t{code}\t{name}" for code, name in sorted(names.items())]
    lines += [
        "\t".join(("D", code, _drug(parts))) for code, parts in sorted(drugs.items(), key=lambda item: int(item[0]))
    ]
    lines += ["\t".join(("B", brand, ",".join(sorted(codes)))) for brand, codes in sorted(_brands(rows).items())]
    return "\n".join(lines) + "\n"


def _drug(parts: "list[dict[str, str]]") -> str:
    search = NameSearch(part["ingredient_name"] for part in parts)
    strengths: "dict[str, str]" = {}
    for component in parse_name(parts[0]["name"]).components:
        if component.strength_mg is not None:
            number = format(component.strength_mg.normalize(), "f")
            for name in search.find(component.name):
                strengths.setdefault(name, ":" + number + ("/" + component.per if component.per else ""))
    letter = LETTERS.get(parts[0]["route"], "-")
    ordered = sorted(parts, key=lambda part: int(part["ingredient_rxcui"]))
    return letter + ",".join(
        part["ingredient_rxcui"] + strengths.get(part["ingredient_name"].lower(), "") for part in ordered
    )


def _brands(rows: "list[dict[str, str]]") -> "dict[str, set[str]]":
    brands = defaultdict(set)
    for row in rows:
        brand = row["name"] if row["tty"] == "BN" else brand_of(row["name"]) if row["tty"] in BRANDED else None
        if brand and row["tty"] != "BPCK":
            brands[" ".join(brand.lower().split())].add(row["ingredient_rxcui"])
    return brands


def main(arguments: "list[str]") -> int:
    """Read the CSV named, write the compact file."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__)
        return 2
    with Path(arguments[0]).open(encoding="utf-8", newline="") as file:
        text = compact(list(csv.DictReader(file)))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    # No time stamp, so that the same table gives the same bytes.
    OUTPUT.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(f"{OUTPUT.name}: {len(text.splitlines()) - 1} lines, {OUTPUT.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
