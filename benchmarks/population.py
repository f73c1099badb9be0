"""What a run over a population costs: ``python -m benchmarks.population --patients 1000``.

Patients are those of the published Synthea set, copied under other ids, with a birthday and a time of day of their own,
until there are enough; three of a hundred get low back pain. They are laid out as bundles and as bulk data by type, and
each layout is run over in a process of its own. Printed are patients a second by the clock, of the run alone and with
the start, by CPU (of all workers, without the start), memory of a worker and temporary bytes. The start is what a run
over one patient takes: Python, the rule set, the workers and the tables. The clock means something only on a machine
with nothing else to do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

import orjson

from benchmarks.patients import data_folder

Json = dict[str, Any]
SET = "patients-r4-synthea2019"
OF_A_HUNDRED = 3
NOW = "2026-11-24T09:00:00Z"
_CLOCK = re.compile(r"T\d\d:\d\d:\d\d(?=[.+Z-])")
_BORN = re.compile(r'("birthDate":\s*"\d{4})-\d\d-\d\d')
BACK_PAIN = {"coding": [{"system": "http://snomed.info/sct", "code": "279039007", "display": "Low back pain"}]}


def patients(number: int) -> Iterator[tuple[str, str, list[Json]]]:
    """So many patients: the id, the text of the bundle, and its entries."""
    with gzip.open(data_folder() / "fhir" / f"{SET}.ndjson.gz", "rt", encoding="utf-8") as lines:
        texts = [line.rstrip("\n") for line in lines]
    made = count()
    while True:
        for text in texts:
            turn = next(made)
            if turn >= number:
                return
            document = orjson.loads(text)
            own = next(
                one["resource"]["id"] for one in document["entry"] if one["resource"]["resourceType"] == "Patient"
            )
            id_ = f"{own[:-6]}{turn:06d}"
            changed = orjson.loads(_of_another(text.replace(own, id_), turn))
            if turn % 100 < OF_A_HUNDRED:
                changed["entry"].append({"fullUrl": f"urn:uuid:back-{turn}", "resource": _back_pain(id_, turn)})
            yield id_, orjson.dumps(changed).decode(), changed["entry"]


def _of_another(text: str, turn: int) -> str:
    """The chart of somebody else of the same age: copies that share every instant are read faster than patients are."""
    some = Random(turn)  # noqa: S311  # the same patients each time
    clock = f"T{some.randrange(24):02}:{some.randrange(60):02}:{some.randrange(60):02}"
    day = f"-{some.randrange(1, 13):02}-{some.randrange(1, 29):02}"
    return _BORN.sub(lambda found: found[1] + day, _CLOCK.sub(clock, text))


def _back_pain(patient: str, turn: int) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"back-{turn}",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "code": BACK_PAIN,
        "subject": {"reference": f"urn:uuid:{patient}"},
        "onsetDateTime": "2026-11-01",
        "recordedDate": "2026-11-02",
    }


def lay_out(folder: Path, number: int) -> None:
    """The patients as bundles and by type."""
    bundles, bulk = folder / "bundles", folder / "bulk"
    bundles.mkdir()
    bulk.mkdir()
    for part, some in enumerate(_parts(patients(number), 200)):
        files: defaultdict[str, list[str]] = defaultdict(list)
        for id_, text, entries in some:
            (bundles / f"{id_}.json").write_text(text, encoding="utf-8")
            names = {
                one.get("fullUrl"): f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries
            }
            for one in entries:
                line = orjson.dumps(one["resource"]).decode()
                for url in {word for word in line.split('"') if word in names}:
                    line = line.replace(f'"{url}"', f'"{names[url]}"')
                files[one["resource"]["resourceType"]].append(line)
        for kind, lines in files.items():
            with (bulk / f"{kind}.{part // 25:03d}.ndjson").open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)


def _parts(given: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while part := list(islice(given, size)):
        yield part


def measured(data: Path, out: Path, workers: int, more: list[str]) -> Json:
    """One run in a process of its own."""
    command = [
        str(Path(sys.executable).with_name("sciatica-cds")),
        "population",
        str(data),
        "--out",
        str(out),
        "--now",
        NOW,
    ]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*command, "--workers", str(workers), *more], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told: Json = orjson.loads((out / "run.json").read_bytes())
    told["cpu"] = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    told["clock"] = time.monotonic() - began
    return told


def main() -> int:
    """Lay out, run, print."""
    options = argparse.ArgumentParser(prog="benchmarks.population", description=__doc__)
    options.add_argument("--patients", type=int, default=1000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--folder", type=Path, help="keep the data there, and use it if it is there")
    given = options.parse_args()
    if not (data_folder() / "fhir").is_dir():
        sys.stderr.write("No test data: set SCIATICA_CDS_TEST_DATA to its folder.\n")
        return 1
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    if not (folder / "bundles").is_dir():
        lay_out(folder, given.patients)
    start_only = folder / "somebody"
    start_only.mkdir(exist_ok=True)
    (start_only / "Patient.ndjson").write_text('{"resourceType":"Patient","id":"1"}\n')
    try:
        # The first start of a rule set fills its cache; what is subtracted is any other start.
        _run(start_only, folder, given.workers, [])
        start = _run(start_only, folder, given.workers, [])
        print(f"start            {start['clock']:.2f} s by the clock, {start['cpu']:.2f} s of CPU", flush=True)
        for name, more in (("bundles", []), ("bulk", []), ("bulk", ["--no-gate"])):
            _print(name, more, _run(folder / name, folder, given.workers, more), start, given.workers)
    finally:
        if given.folder is None:
            shutil.rmtree(folder)
    return 0


def _run(data: Path, folder: Path, workers: int, more: list[str]) -> Json:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    return measured(data, out, workers, more)


def _print(name: str, more: list[str], told: Json, start: Json, workers: int) -> None:
    number, took = sum(told["patients"].values()), told["measured"]
    cpu, clock = told["cpu"] - start["cpu"], told["clock"] - start["clock"]
    size = sum(one["bytes"] for one in told["inputs"])
    print(
        f"{' '.join([name, *more]):16} {number:,} patients, {size / 1e6:,.0f} MB: {number / clock:,.0f} patients/s "
        f"by the clock, {number / told['clock']:,.0f} with the start; {1000 * cpu / number:.2f} ms of CPU each, so "
        f"{workers * number / cpu:,.0f} patients/s on {workers} free cores; "
        f"{took['peakMemoryOfWorkers'][0] / 1e6:,.0f} MB the largest worker; temporary "
        f"{took['temporaryBytes'] / size:.2f} of the input; {json.dumps(told['patients'])}, "
        f"memo {json.dumps(took['memo'])}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
