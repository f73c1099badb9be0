"""Make the drug tables in service/record/medication/data from published RxNorm files.

    python tools/compact_drug_table.py DIRECTORY PAIRS.csv

The directory holds three tab-separated files of the prescribable content, gzipped: ``drugs.tsv.gz`` (rxcui, tty, name,
ingredient_rxcuis), ``ingredients.tsv.gz`` (rxcui, tty, name, unii) and ``ndc.tsv.gz`` (ndc11, rxcui). What a drug's
name says about strength and route is read here once, so that the names need not be shipped. The CSV lists pairs of drug
and ingredient (rxcui, ..., ingredient_rxcui, ...) for the classes that rules judge; links that the other files lack are
taken from it. The same files give the same bytes. The README beside the tables
describes their formats.
"""

import csv
import gzip
import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from service.record.medication.drug_names import brand_of, parse_name, without_brand
from service.record.medication.drug_table import DRUGS_FORMAT, NAMES_FORMAT, NDC_FORMAT, ROUTE_LETTERS
from service.record.medication.routes import route_of_words

OUTPUT = Path(__file__).resolve().parent.parent / "service" / "record" / "medication" / "data"
LETTERS = {route: letter for letter, route in ROUTE_LETTERS.items() if route}
CLINICAL = {"SBD", "SCD"}
MIXED = {"MIN", "GPCK", "BPCK"}
BRACKETS = re.compile(r"[(){}/]")
PRODUCT_DIGITS = 9
PACK_DAYS = re.compile(r"\s+(?:\d+ day|pack|kit)\b.*$")
ARGUMENTS = 2
TOO_PLAIN = frozenset(
    {"sodium", "potassium", "calcium", "magnesium", "zinc", "acetate", "sulfate", "chloride", "phosphate"}
)

Rows = list[dict[str, str]]


def read(directory: Path, name: str) -> "list[dict[str, str]]":
    """The rows of one of the files."""
    with gzip.open(directory / f"{name}.tsv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def with_pairs(drugs: Rows, file: Path) -> "tuple[Rows, set[str]]":
    """The drugs with the ingredients that the pairs add, and all ingredients of the pairs."""
    more: dict[str, list[str]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            more[row["rxcui"]].append(row["ingredient_rxcui"])
    for row in drugs:
        codes = row["ingredient_rxcuis"].split(",")
        row["ingredient_rxcuis"] = ",".join(dict.fromkeys([*codes, *more.get(row["rxcui"], ())]))
    return drugs, {code for codes in more.values() for code in codes}


def words_of(name: str) -> "list[str]":
    """The words of a name in lower case, commas dropped."""
    return name.lower().replace(",", " ").split()


class Ingredients:
    """The ingredients, and how to get from a salt or an ester to the ingredient it is a form of."""

    def __init__(self, ingredients: Rows, drugs: Rows, own: "set[str]") -> None:
        """``own`` are the codes that a class names: they stand for themselves, whatever they are a form of."""
        self.names = {row["rxcui"]: row["name"] for row in ingredients}
        self.uniis = {row["rxcui"]: row["unii"] for row in ingredients if row["unii"]}
        # A few ingredients are mixtures by name; where the single parts are listed too, the mixture is one of them.
        listed = {row["name"].lower() for row in ingredients if " / " not in row["name"]}
        self.tty = {
            row["rxcui"]: "MIN"
            if " / " in row["name"] and all(part.lower() in listed for part in row["name"].split(" / "))
            else row["tty"]
            for row in ingredients
        }
        self.by_name = {row["name"].lower(): row["rxcui"] for row in ingredients if self.tty[row["rxcui"]] == "IN"}
        self.longest = max(len(words_of(name)) for name in self.by_name)
        stated = {
            row["rxcui"]: next((code for code in row["ingredient_rxcuis"].split(",") if code != row["rxcui"]), None)
            for row in drugs
            if row["tty"] == "PIN"
        }
        self.bases: dict[str, str] = {}
        for code, tty in self.tty.items():
            if tty == "PIN" and code not in own:
                base = stated.get(code) or next(self.named_in(self.names[code]), None)
                if base and base != code:
                    self.bases[code] = base

    def base(self, code: str) -> str:
        """The ingredient a salt is a form of; any other code as it is."""
        return self.bases.get(code, code)

    def named_in(self, text: str) -> "Iterator[str]":
        """The ingredients named in a text, the longest names first, no word twice."""
        words = words_of(text)
        for length in range(min(len(words), self.longest), 0, -1):
            for start in range(len(words) - length + 1):
                name = " ".join(words[start : start + length])
                if name in self.by_name and name not in TOO_PLAIN:
                    yield self.by_name[name]
                    words[start : start + length] = [""] * length


def drug_lines(drugs: Rows, known: Ingredients) -> "dict[int, str]":
    """For each code of a drug, combination or salt its line: route, ``?`` when a part may be missing, ingredients."""
    lines: dict[int, str] = {}
    for code, base in known.bases.items():
        lines[int(code)] = f"-{base}"
    for code, tty in known.tty.items():
        if tty == "MIN":
            parts = [next(known.named_in(part), None) for part in known.names[code].split(" / ")]
            if all(parts):
                lines[int(code)] = "-" + ",".join(sorted({part for part in parts if part}, key=int))
    for row in drugs:
        if row["tty"] != "BN":
            lines[int(row["rxcui"])] = _drug(row, known)
    sold = _sold_as(drugs, lines)
    for row in drugs:
        if row["tty"] == "BN":
            listed = {known.base(code) for code in row["ingredient_rxcuis"].split(",")}
            lines[int(row["rxcui"])] = "-" + ",".join(sorted(listed | sold[_brand_key(row["name"])], key=int))
    return lines


def _sold_as(drugs: Rows, lines: "dict[int, str]") -> "dict[str, set[str]]":
    """For each brand every ingredient of what is sold under it: the published links of a brand leave some out."""
    sold: dict[str, set[str]] = defaultdict(set)
    for row in drugs:
        brand = brand_of(row["name"]) if row["tty"] in {"SBD", "BPCK"} else None
        if brand:
            parts = (part.partition(":")[0] for part in _parts(lines[int(row["rxcui"])]))
            sold[_brand_key(brand)].update(part for part in parts if not part.startswith("~"))
    return sold


def _brand_key(brand: str) -> str:
    return " ".join(brand.lower().split())


def _parts(line: str) -> "list[str]":
    return line[1:].lstrip("?").split(",")


def _of_mixture(name: str, known: Ingredients) -> "tuple[set[str], list[str]]":
    """The ingredients that the name of a combination or pack names, and the parts of a combination that none names."""
    text = without_brand(name)
    unknown = (
        [part for part in text.split(" / ") if next(known.named_in(part), None) is None] if "(" not in text else []
    )
    return {known.base(code) for code in known.named_in(BRACKETS.sub(" ", text))}, unknown


def _drug(row: "dict[str, str]", known: Ingredients) -> str:
    codes = {known.base(code) for code in row["ingredient_rxcuis"].split(",")}
    named: list[str] = []
    if row["tty"] in MIXED:
        more, unknown = _of_mixture(row["name"], known)
        codes |= more
        if len(codes) < len(unknown) + len(more):
            named = [_plain(part) for part in unknown]
    strengths: dict[str, str] = {}
    is_partial = False
    if row["tty"] in CLINICAL:
        parsed = parse_name(row["name"])
        for component in parsed.components:
            found = list(known.named_in(component.name))
            if not found:
                named.append(_plain(component.name))
                continue
            # A part of the name that the published links leave out.
            mine = next((code for code in found if code in codes), found[0])
            codes.add(mine)
            if component.strength_mg is not None:
                number = format(component.strength_mg.normalize(), "f")
                strengths.setdefault(mine, ":" + number + ("/" + component.per if component.per else ""))
        parts = len(without_brand(row["name"]).split(" / "))
        if len(codes) >= parts:
            named = []
        # Every part that was taken apart is now either a code or a name of its own.
        is_partial = len(codes) < parts and len(parsed.components) < parts
    letter = LETTERS.get(route_of_words(without_brand(row["name"])) or "", "-")
    return (
        letter
        + ("?" if is_partial else "")
        + ",".join(code + strengths.get(code, "") for code in sorted(codes, key=int))
        + "".join(f",{name}" for name in named)
    )


def _plain(name: str) -> str:
    """How an ingredient stands in a line that is known by its name alone."""
    return "~" + " ".join(re.sub(r"[,:/?~]", " ", name.lower()).split())


def names(drugs: Rows, known: Ingredients, lines: "dict[int, str]") -> "Iterator[str]":
    """The ingredients with their UNII, and the brand names with what is sold under them."""
    yield NAMES_FORMAT
    routes = _routes_of_ingredients(drugs, lines)
    for code in sorted(known.names, key=int):
        if known.tty[code] == "IN" or (known.tty[code] == "PIN" and (code not in known.bases or code in known.uniis)):
            texts = (known.names[code], known.uniis.get(code, ""), known.bases.get(code, ""), routes.get(code, "-"))
            yield "\t".join(("I", code, *texts))
    yield from _brands(drugs, known, lines)


def _routes_of_ingredients(drugs: Rows, lines: "dict[int, str]") -> "dict[str, str]":
    """The letter of the route that all products of an ingredient share."""
    routes: dict[str, set[str]] = defaultdict(set)
    for row in drugs:
        if row["tty"] in CLINICAL:
            line = lines[int(row["rxcui"])]
            for part in _parts(line):
                routes[part.partition(":")[0]].add(line[0])
    return {code: next(iter(found)) for code, found in routes.items() if len(found) == 1}


def _brands(drugs: Rows, known: Ingredients, lines: "dict[int, str]") -> "Iterator[str]":
    products: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    routes: dict[str, set[str]] = defaultdict(set)
    for row in drugs:
        brand = brand_of(row["name"]) if row["tty"] in {"SBD", "BPCK"} else None
        if brand:
            line = lines[int(row["rxcui"])]
            # Packs say for how many days they last: "Natazia 28 Day".
            key = PACK_DAYS.sub("", _brand_key(brand))
            products[key].add(tuple(part.partition(":")[0] for part in _parts(line) if not part.startswith("~")))
            routes[key].add(line[0])
    for row in drugs:
        key = _brand_key(row["name"])
        if row["tty"] == "BN" and key not in products:
            products[key].add(
                tuple(sorted({known.base(code) for code in row["ingredient_rxcuis"].split(",")}, key=int))
            )
    for brand, sold in sorted(products.items()):
        letter = next(iter(routes[brand])) if len(routes[brand]) == 1 else "-"
        yield "\t".join(("B", brand, letter, "|".join(",".join(one) for one in sorted(sold))))


def ndc_arrays(rows: Rows) -> "tuple[dict[int, int], dict[int, int]]":
    """Product codes (9 digits) with their drug, and package codes (11 digits) of products with several drugs."""
    by_product: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_product[row["ndc11"][:PRODUCT_DIGITS]].add(row["rxcui"])
    products = {int(code): int(next(iter(found))) for code, found in by_product.items() if len(found) == 1}
    packages = {
        int(row["ndc11"]): int(row["rxcui"]) for row in rows if len(by_product[row["ndc11"][:PRODUCT_DIGITS]]) > 1
    }
    return products, packages


def packed(typecode: str, numbers: "Iterable[int]") -> bytes:
    """Numbers as little-endian bytes."""
    values = array(typecode, numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def write(name: str, head: str, body: bytes) -> None:
    """One file, without a time stamp, so that the same table gives the same bytes."""
    file = OUTPUT / name
    file.write_bytes(gzip.compress(head.encode() + b"\n" + body, 9, mtime=0))
    sys.stdout.write(f"{file.name}: {file.stat().st_size} bytes\n")


def main(arguments: "list[str]") -> int:
    """Read the three files, write the three tables."""
    if len(arguments) != ARGUMENTS:
        sys.stderr.write(__doc__ or "")
        return 2
    directory = Path(arguments[0])
    drugs, own = with_pairs(read(directory, "drugs"), Path(arguments[1]))
    known = Ingredients(read(directory, "ingredients"), drugs, own)
    lines = drug_lines(drugs, known)
    codes = sorted(lines)
    texts = [lines[code].encode() for code in codes]
    offsets = [0]
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    write(
        "rxnorm-drugs.bin.gz",
        f"{DRUGS_FORMAT} {len(codes)}",
        packed("I", codes) + packed("I", offsets) + b"".join(texts),
    )
    _, *rest = names(drugs, known, lines)
    write("rxnorm-names.tsv.gz", NAMES_FORMAT, "\n".join(rest).encode())
    products, packages = ndc_arrays(read(directory, "ndc"))
    body = b"".join(
        packed(typecode, numbers)
        for typecode, numbers in (
            ("I", sorted(products)),
            ("I", [products[code] for code in sorted(products)]),
            ("Q", sorted(packages)),
            ("I", [packages[code] for code in sorted(packages)]),
        )
    )
    write("rxnorm-ndc.bin.gz", f"{NDC_FORMAT} {len(products)} {len(packages)}", body)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
