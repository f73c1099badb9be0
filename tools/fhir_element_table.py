"""Make the table of FHIR R4 elements that `sciatica-cds check request` reads, from the definitions that HL7 publishes.

    python tools/fhir_element_table.py definitions-r4.ndjson.gz required-codes-r4.json

The first file holds StructureDefinitions with snapshot, one per line; the second the codes of value sets with a
required binding. The same files give the same bytes.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parent.parent / "service" / "testkit" / "fhir_validation" / "data" / "fhir-r4.tsv"
FORMAT = "fhir-elements 1"
PROFILES = "http://hl7.org/fhir/StructureDefinition/"
VALUE_SETS = "http://hl7.org/fhir/ValueSet/"
SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"


def table(definitions: list[dict[str, Any]], codes: dict[str, list[str]]) -> str:
    """The lines of the table: one ``E`` per element, one ``C`` per list of codes."""
    elements = sorted(set(_elements(definitions, codes)))
    used = {line.split("\t")[4] for line in elements} - {""}
    lists = [f"C\t{name}\t{' '.join(codes[VALUE_SETS + name])}" for name in sorted(used)]
    return "\n".join([FORMAT, *elements, *lists]) + "\n"


def _elements(definitions: list[dict[str, Any]], codes: dict[str, list[str]]) -> Iterator[str]:
    for definition in definitions:
        if definition["kind"] == "primitive-type":
            continue
        for element in definition["snapshot"]["element"]:
            if "." in element["path"]:
                cardinality = f"{element['min']}..{element['max']}"
                yield "\t".join(("E", element["path"], cardinality, _types(element), _binding(element, codes)))


def _types(element: dict[str, Any]) -> str:
    if "contentReference" in element:
        return str(element["contentReference"])
    return " ".join(_type(one) for one in element["type"])


def _type(one: dict[str, Any]) -> str:
    code = "string" if one["code"] == SYSTEM_STRING else one["code"]
    targets = [target.removeprefix(PROFILES) for target in one.get("targetProfile", ())]
    return f"{code}({'|'.join(sorted(targets))})" if targets and "Resource" not in targets else str(code)


def _binding(element: dict[str, Any], codes: dict[str, list[str]]) -> str:
    binding = element.get("binding", {})
    name = binding.get("valueSet", "").partition("|")[0]
    required = binding.get("strength") == "required" and name in codes
    return name.removeprefix(VALUE_SETS) if required else ""


def main() -> None:
    """Write the table."""
    if len(sys.argv) != 3:  # noqa: PLR2004  # the program and its two files
        sys.exit(__doc__)
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as lines:
        definitions = [json.loads(line) for line in lines]
    codes = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))["valueSets"]
    OUTPUT.write_text(table(definitions, codes), encoding="utf-8")


if __name__ == "__main__":
    main()
