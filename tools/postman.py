"""Writes a collection of requests (Postman 2.1, which Bruno and Insomnia import) from the OpenAPI description."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
PROJECT = Path(__file__).resolve().parent.parent
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(described: Json, base: str = "http://127.0.0.1:8080") -> Json:
    """The collection of a description: one request for each operation, with its example; ``base`` is a variable."""
    info = {"name": described["info"]["title"], "schema": SCHEMA, "description": described["info"]["description"]}
    return {"info": info, "item": list(_items(described)), "variable": [{"key": "base", "value": base}]}


def _items(described: Json) -> Iterator[Json]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            examples = {one["name"]: one["example"] for one in operation.get("parameters", []) if "example" in one}
            called = path.format(**examples)
            url = {"raw": f"{{{{base}}}}{called}", "host": ["{{base}}"], "path": called.strip("/").split("/")}
            request: Json = {"method": method.upper(), "url": url, "description": operation.get("description", "")}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None:
                request["header"] = [{"key": "Content-Type", "value": "application/json"}]
                request["body"] = {"mode": "raw", "raw": json.dumps(body["example"], indent=1, ensure_ascii=False)}
            yield {"name": operation["summary"], "request": request}


def main() -> None:
    """Write the collection of the rules of this project to the file named."""
    sys.path.insert(0, str(PROJECT))
    from service import create_app
    from service.config import Settings

    described = create_app(Settings(log_level="error")).test_client().get("/openapi.json").get_json()
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(collection(described), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{target} written\n")


if __name__ == "__main__":
    main()
