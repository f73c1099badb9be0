"""Package: the exported resources as one FHIR NPM package; the same rules give the same bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from service.review.export.artifacts import artifacts
from service.review.export.cql import not_exported
from service.review.export.metadata import Publication
from service.store.archive import archived

Json = dict[str, Any]

FHIR_VERSION = "4.0.1"


def package(publication: Publication) -> bytes:
    """The package as it is sent: a gzipped tar archive with all below ``package/``."""
    resources = list(artifacts(publication))
    files = {f"{one['resourceType']}-{one['id']}.json": _written(one) for one in resources}
    files["package.json"] = _written(_manifest(publication))
    files[".index.json"] = _written(_index(resources))
    return gzip.compress(archived({f"package/{name}": content for name, content in files.items()}), 9, mtime=0)


def _manifest(publication: Publication) -> Json:
    knowledge = publication.knowledge
    beyond = " ".join(not_exported(knowledge))
    return {
        "name": f"{knowledge.name}.rules",
        "version": knowledge.version,
        "canonical": publication.base,
        "title": f"{knowledge.name}: rules as FHIR artifacts",
        "description": f"Rule set {knowledge.digest}. Not told in it: {beyond}",
        "type": "fhir.ig",
        "license": "Apache-2.0",
        "fhirVersions": [FHIR_VERSION],
        "dependencies": {"hl7.fhir.r4.core": FHIR_VERSION},
        "date": publication.day.strftime("%Y%m%d"),
    }


def _index(resources: Iterable[Json]) -> Json:
    files = [
        {
            "filename": f"{one['resourceType']}-{one['id']}.json",
            "resourceType": one["resourceType"],
            "id": one["id"],
            **{name: one[name] for name in ("url", "version", "kind") if isinstance(one.get(name), str)},
        }
        for one in resources
    ]
    return {"index-version": 2, "files": sorted(files, key=lambda file: file["filename"])}


def _written(content: Json) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
