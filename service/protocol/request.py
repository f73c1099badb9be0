"""HookCall: one request of an EHR, in its own words and checked, before any FHIR content is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from service.errors import Issue
from service.knowledge.hooks import PATIENT_SIDE, Hook


class HookCall(Struct, frozen=True):
    """One request. ``patient_id`` and ``encounter_id`` are bare ids, ``user`` is ``Type/id``.

    ``fhir_authorization`` is there only when it is whole and ``fhir_server`` came with it (FA-1);
    its token must not be stored or logged (FA-3), so it is left out of the text of a call.
    ``deviations`` were tolerated and are worth a log line.
    """

    hook: Hook
    hook_instance: str
    user: str | None
    patient_id: str
    encounter_id: str | None
    context: Mapping[str, Any]
    prefetch: Mapping[str, Any]
    fhir_server: str | None
    fhir_authorization: Mapping[str, Any] | None
    deviations: tuple[Issue, ...] = ()

    def __repr__(self) -> str:
        """Nothing of the patient, and no token."""
        return f"HookCall({self.hook.name}, {self.hook_instance}, {self.user}, {self.deviations})"

    @property
    def for_patient(self) -> bool:
        """Whether the answer is read by the patient or a relative, not by a clinician."""
        return self.user is not None and self.user.partition("/")[0] in PATIENT_SIDE

    @property
    def tokens(self) -> Mapping[str, str]:
        """What the prefetch tokens of this call stand for, the user's bare id among them (TK-7)."""
        known = {f"context.{name}": value for name, value in self.context.items() if name in self.hook.tokens}
        if self.user is not None:
            kind, _, bare = self.user.partition("/")
            known[f"user{kind}Id"] = bare
        return known
