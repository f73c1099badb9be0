"""The service as the browser meets it: every page there is, over the shipped rules, with a few answered calls kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import create_app
from service.config import Settings
from service.security.auditors import auditor_line
from service.testkit.smallest_charts import smallest_call
from tests.shipped import shipped_knowledge

HERE = Path(__file__).resolve().parent
AUDITOR, PASSWORD = "anna", "correct horse battery"

PAGES = {
    "playground": "/",
    "playground with an answer": "/?story=egfr-25-and-ibuprofen",
    "playground with most cards": "/?story=first-visit-with-spasm",
    "questionnaire": "/questionnaire",
    "start": "/start",
    "playground with an example": "/?rule=rf-cauda-equina-suspected",
    "rules": "/rules",
    "rules on the eGFR": "/rules?finding=egfr",
    "rule with a card": "/rules/sf-nsaid-egfr-below-30",
    "rule with a conclusion": "/rules/treatment-scope",
    "rule with most vignettes": "/rules/rf-cauda-equina-suspected",
    "fact": "/facts/egfr",
    "fact behind most": "/facts/back-or-leg-pain",
    "conclusion": "/facts/nsaid-contraindicated",
    "value set": "/value-sets/obs-egfr",
    "sources": "/sources",
    "source": "/sources/KDIGO-2012",
    "graph": "/graph",
    "graph, a way lit": "/graph?finding=egfr&rule=sf-nsaid-egfr-below-30",
    "graph, folded": "/graph?finding=back-or-leg-pain",
    "pathway": "/pathway",
    "statistics": "/stats",
    "rule in use": "/rules/sf-nsaid-egfr-below-30",
    "decisions": "/decisions",
    "decision": "/decisions/{decision}",
    "compare": "/compare",
    "comparison": "/compare?before={digest}&after={digest}",
    "docs": "/docs",
    "docs of an endpoint": "/docs/evaluate",
    "docs of shapes": "/docs/shapes",
}
"""One page of each kind, and those that are largest or hold most. What stands in braces is known once it is served."""
LARGE = frozenset(
    {"playground with most cards", "rules on the eGFR", "rule with most vignettes", "fact behind most", "graph, folded"}
)
"""Those that only hold more of what another holds: measured, and not judged a second time."""
DARK = frozenset(
    {"playground with an answer", "rule with a card", "rules", "pathway", "statistics", "decision", "comparison"}
)
"""Those that together have every colour."""


@dataclass(frozen=True)
class Served:
    """The application, and what its pages are called."""

    app: Flask
    pages: dict[str, str]


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The service over a store in this folder, with a comparison that was made before."""
    folder.mkdir(parents=True, exist_ok=True)
    auditors = folder / "auditors"
    auditors.write_text(f"{auditor_line(AUDITOR, PASSWORD)}\n", encoding="utf-8")
    knowledge = shipped_knowledge()
    settings = Settings(log_level="error", pages="all", store="on", data=folder, auditors=auditors)
    with pytest.MonkeyPatch.context() as patch:
        # The solver takes half a minute over the shipped rules; what it says of small rules is tested elsewhere.
        patch.setattr("service.web.comparing.compared", lambda *_: comparison())
        app = create_app(settings, knowledge)
        store = app.extensions["sciatica-cds.decision-log"].store
        try:
            decision = _kept(app.test_client())
            store.drain()
            app.test_client().get(f"/compare?before={knowledge.digest}&after={knowledge.digest}")
            names = {"decision": decision, "digest": knowledge.digest}
            yield Served(app, {name: path.format(**names) for name, path in PAGES.items()})
        finally:
            store.close()


def comparison() -> dict[str, Any]:
    """What ``compare`` said of the limit of 30 put at 35."""
    told: dict[str, Any] = json.loads((HERE / "comparison.json").read_bytes())
    return told


def _kept(client: FlaskClient) -> str:
    """Answer calls of some hooks, and report what became of their cards. Returns the decision that was told most of."""
    decision = ""
    for hook in ("patient-view", "order-select", "order-sign", "order-sign"):
        answer = client.post(f"/cds-services/sciatica-{hook}", json=smallest_call(hook)).get_json()
        for number, card in enumerate(answer["cards"]):
            report: dict[str, Any] = {
                "card": card["uuid"],
                "outcome": "accepted" if card.get("suggestions") and not number % 2 else "overridden",
                "outcomeTimestamp": datetime.now(UTC).isoformat(),
            }
            if report["outcome"] == "overridden" and card.get("overrideReasons"):
                report["overrideReason"] = {"reason": card["overrideReasons"][0]}
            elif report["outcome"] == "accepted":
                report["acceptedSuggestions"] = [{"id": one["uuid"]} for one in card["suggestions"][:1]]
            client.post(f"/cds-services/sciatica-{hook}/feedback", json={"feedback": [report]})
        decision = answer["cards"][0]["extension"]["sciatica-cds.why"]["decision"]
    return decision
