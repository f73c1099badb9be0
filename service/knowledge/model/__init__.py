"""What the rule files say, as objects. Nothing here ever sees a patient.

Every object that a person wrote keeps ``at``, the ``file:line`` where it stands, so that any later
issue can point there.
"""

from service.knowledge.model.card import CardText, Indicator, Link, Suggestion
from service.knowledge.model.condition import AllOf, AnyOf, Condition, Leaf, Word, leaves
from service.knowledge.model.fact import NUMERIC_KINDS, FactDefinition, FactKind, FactSource, Salt
from service.knowledge.model.kind import ENDED_IN, KINDS, BuiltAs, KindSpec, is_deniable, possible_states, types_read
from service.knowledge.model.order import Dose, OrderTemplate
from service.knowledge.model.rule import Example, Given, HistoryEntry, Recommendation, Rule
from service.knowledge.model.ruleset import (
    AskedFirst,
    AskedOnly,
    Conclusion,
    Knowledge,
    OverrideReason,
    Phase,
    ServiceDefinition,
)
from service.knowledge.model.source import Citation, Mark, Source, SourceStatus, Statement
from service.knowledge.model.value_set import Code, DangerTerms, OtherWords, ValueSet

__all__ = [
    "ENDED_IN",
    "KINDS",
    "NUMERIC_KINDS",
    "AllOf",
    "AnyOf",
    "AskedFirst",
    "AskedOnly",
    "BuiltAs",
    "CardText",
    "Citation",
    "Code",
    "Conclusion",
    "Condition",
    "DangerTerms",
    "Dose",
    "Example",
    "FactDefinition",
    "FactKind",
    "FactSource",
    "Given",
    "HistoryEntry",
    "Indicator",
    "KindSpec",
    "Knowledge",
    "Leaf",
    "Link",
    "Mark",
    "OrderTemplate",
    "OtherWords",
    "OverrideReason",
    "Phase",
    "Recommendation",
    "Rule",
    "Salt",
    "ServiceDefinition",
    "Source",
    "SourceStatus",
    "Statement",
    "Suggestion",
    "ValueSet",
    "Word",
    "is_deniable",
    "leaves",
    "possible_states",
    "types_read",
]
