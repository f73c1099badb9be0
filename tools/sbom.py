"""Write a bill of materials (CycloneDX): the packages that run, with their licences, and the sources of the rules.

``python tools/sbom.py build/sbom.json``. Needs the prepared .venv (``make setup``).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)


def main() -> None:
    """Write the file that is named on the command line."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", sys.executable]
    made: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    running = {_normal(name) for name in _PINNED.findall((PROJECT / "requirements.lock").read_text(encoding="utf-8"))}
    kept = [each for each in made["components"] if _normal(each["name"]) in running]
    references = {each["bom-ref"] for each in kept}
    made["components"] = [*kept, *_sources()]
    made["dependencies"] = [
        {**each, "dependsOn": [name for name in each.get("dependsOn", []) if name in references]}
        for each in made.get("dependencies", [])
        if each["ref"] in references
    ]
    target.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _sources() -> Iterator[dict[str, Any]]:
    """The guidelines, labels and trials that rules cite: facts are taken from them, not their text."""
    sys.path.insert(0, str(PROJECT))
    from service.knowledge.loader import load

    for source in load(PROJECT / "rules").sources.values():
        component: dict[str, Any] = {
            "type": "data",
            "bom-ref": f"source-{source.id}",
            "name": source.id,
            "description": " ".join(source.citation.split()),
            "scope": "excluded",
        }
        if source.url:
            component["externalReferences"] = [{"type": "documentation", "url": source.url}]
        yield component


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
