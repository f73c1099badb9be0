"""The names of the resource types of all FHIR releases, so that a misspelt one is told from one that is not read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from service.errors import Issue

_NAMES = """
Account ActivityDefinition ActorDefinition AdministrableProductDefinition AdverseEvent AllergyIntolerance
Appointment AppointmentResponse ArtifactAssessment AuditEvent Basic Binary BiologicallyDerivedProduct
BiologicallyDerivedProductDispense BodySite BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry
ChargeItem ChargeItemDefinition Citation Claim ClaimResponse ClinicalImpression ClinicalUseDefinition CodeSystem
Communication CommunicationRequest CompartmentDefinition Composition ConceptMap Condition ConditionDefinition
Conformance Consent Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DataElement
DetectedIssue Device DeviceAssociation DeviceComponent DeviceDefinition DeviceDispense DeviceMetric DeviceRequest
DeviceUsage DeviceUseRequest DeviceUseStatement DiagnosticOrder DiagnosticReport DocumentManifest DocumentReference
EffectEvidenceSynthesis EligibilityRequest EligibilityResponse Encounter EncounterHistory Endpoint EnrollmentRequest
EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceReport EvidenceVariable ExampleScenario
ExpansionProfile ExplanationOfBenefit FamilyMemberHistory Flag FormularyItem GenomicStudy Goal GraphDefinition Group
GuidanceResponse HealthcareService ImagingManifest ImagingObjectSelection ImagingSelection ImagingStudy Immunization
ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide Ingredient InsurancePlan InventoryItem
InventoryReport Invoice Library Linkage List Location ManufacturedItemDefinition Measure MeasureReport Media
Medication MedicationAdministration MedicationDispense MedicationKnowledge MedicationOrder MedicationRequest
MedicationStatement MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
MedicinalProductDefinition MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionIntake
NutritionOrder NutritionProduct Observation ObservationDefinition OperationDefinition OperationOutcome Order
OrderResponse Organization OrganizationAffiliation PackagedProductDefinition Parameters Patient PaymentNotice
PaymentReconciliation Permission Person PlanDefinition Practitioner PractitionerRole Procedure ProcedureRequest
ProcessRequest ProcessResponse Provenance Questionnaire QuestionnaireResponse ReferralRequest RegulatedAuthorization
RelatedPerson RequestGroup RequestOrchestration Requirements ResearchDefinition ResearchElementDefinition
ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter Sequence
ServiceDefinition ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription
SubscriptionStatus SubscriptionTopic Substance SubstanceDefinition SubstanceNucleicAcid SubstancePolymer
SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery
SupplyRequest Task TerminologyCapabilities TestPlan TestReport TestScript Transport ValueSet VerificationResult
VisionPrescription
"""
RESOURCE_TYPES = frozenset(_NAMES.split())
"""DSTU2 (of the types a chart holds), STU3, R4, R4B and R5."""
_BY_LETTERS = {name.lower(): name for name in RESOURCE_TYPES}


def misnamed(names: Iterable[str]) -> list[Issue]:
    """An issue for the first name in a list of types that is none: what it should say would not be said."""
    for name in sorted(names):
        if name not in RESOURCE_TYPES:
            near = meant(name) or next(iter(difflib.get_close_matches(name, RESOURCE_TYPES, n=1)), None)
            hint = f"did you mean {near}?" if near else "such as Condition, or all"
            return [Issue("complete", "names something that is no FHIR resource type", hint)]
    return []


def meant(name: object) -> str | None:
    """The resource type that a name spells in other letter case; None when it spells none."""
    return _BY_LETTERS.get(name.strip().lower()) if isinstance(name, str) else None
