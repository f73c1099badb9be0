"""Case: an example patient as it leaves the builder: resources, draft orders, and how much of each list was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.record.model import Completeness

_SERVER = "https://example.org/fhir"


@dataclass(frozen=True)
class Case:
    """An example patient.

    ``completeness`` says how much of each list (by its R4 name) was sent: it is part of the answer.
    ``settings`` are what the rule set must be set to. ``unmet`` names the facts that could not be brought about
    together with the others.
    """

    patient: Mapping[str, Any]
    resources: tuple[Mapping[str, Any], ...]
    orders: tuple[Mapping[str, Any], ...]
    completeness: Mapping[str, Completeness]
    settings: Mapping[str, str]
    unmet: tuple[str, ...]

    @property
    def complete(self) -> frozenset[str]:
        """The types to name as ``complete`` when the Bundle is read as it is."""
        return frozenset(name for name, state in self.completeness.items() if state is Completeness.COMPLETE)

    @property
    def is_first_page(self) -> bool:
        """Whether some list is only a part. A Bundle can say so only of all its lists together."""
        return Completeness.PARTIAL in self.completeness.values()

    def bundle(self) -> dict[str, Any]:
        """All of it as one collection Bundle; a searchset with a further page where some list is only a part."""
        everything = (self.patient, *self.resources, *self.orders)
        bundle = _searchset(everything, is_part=self.is_first_page)
        return bundle if self.is_first_page else {**bundle, "type": "collection"}

    def prefetch(self) -> dict[str, dict[str, Any]]:
        """The resources as prefetch values, one Bundle per resource type (by its R4 name), the orders left out.

        A list of which only a part is to have been sent has a further page. A type that is not named was not sent.
        """
        found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in self.completeness}
        for one in self.resources:
            found[_R4_NAMES.get(one["resourceType"], one["resourceType"])].append(one)
        lists = {
            name: _searchset(ones, is_part=self.completeness[name] is Completeness.PARTIAL)
            for name, ones in found.items()
        }
        return {**lists, "Patient": dict(self.patient)}


_R4_NAMES = {"DeviceUsage": "DeviceUseStatement"}


def _searchset(resources: Sequence[Mapping[str, Any]], *, is_part: bool) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if is_part:
        bundle["link"] = [{"relation": "next", "url": f"{_SERVER}?page=2"}]
    if resources:
        bundle["entry"] = [
            {"fullUrl": f"{_SERVER}/{one['resourceType']}/{one['id']}", "resource": dict(one)} for one in resources
        ]
    return bundle
