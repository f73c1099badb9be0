"""Elements: the names of the elements of resource types (FHIR R4, as its JSON schema lists them), and of all of them.

Listed are the types that are read, with the names that only STU3 and R5 have, those apart of which ``entries`` says
more, and those that stand beside them in the records of patients. A type that is not listed is read whole where it
matters whether a key stands in it twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

OF_ALL = ("id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension")

_NAMES = """
Account: identifier status type name subject servicePeriod coverage owner description guarantor partOf
AdverseEvent: identifier actuality category event subject encounter date detected recordedDate resultingCondition
    location seriousness severity outcome recorder contributor suspectEntity subjectMedicalHistory referenceDocument
    study
AllergyIntolerance: identifier clinicalStatus verificationStatus type category criticality code patient encounter
    onsetDateTime onsetAge onsetPeriod onsetRange onsetString recordedDate recorder asserter lastOccurrence note
    reaction participant assertedDate
Appointment: identifier status cancelationReason serviceCategory serviceType specialty appointmentType reasonCode
    reasonReference priority description supportingInformation start end minutesDuration slot created comment
    patientInstruction basedOn participant requestedPeriod
AppointmentResponse: identifier appointment start end participantType actor participantStatus comment
AuditEvent: type subtype action period recorded outcome outcomeDesc purposeOfEvent agent source entity
BodyStructure: identifier active morphology location locationQualifier description image patient
CarePlan: identifier instantiatesCanonical instantiatesUri basedOn replaces partOf status intent category title
    description subject encounter period created author contributor careTeam addresses supportingInfo goal activity
    note custodian context definition
CareTeam: identifier status category name subject encounter period participant reasonCode reasonReference
    managingOrganization telecom note
ChargeItem: identifier definitionUri definitionCanonical status partOf code subject context occurrenceDateTime
    occurrencePeriod occurrenceTiming performer performingOrganization requestingOrganization costCenter quantity
    bodysite factorOverride priceOverride overrideReason enterer enteredDate reason service productReference
    productCodeableConcept account note supportingInformation
Claim: identifier status type subType use patient billablePeriod created enterer insurer provider priority
    fundsReserve related prescription originalPrescription payee referral facility careTeam supportingInfo diagnosis
    procedure insurance accident item total
ClaimResponse: identifier status type subType use patient created insurer requestor request outcome disposition
    preAuthRef preAuthPeriod payeeType item addItem adjudication total payment fundsReserve formCode form
    processNote communicationRequest insurance error
ClinicalImpression: identifier status statusReason code description subject encounter effectiveDateTime
    effectivePeriod date assessor previous problem investigation protocol summary finding prognosisCodeableConcept
    prognosisReference supportingInfo note changePattern performer action context
Communication: identifier instantiatesCanonical instantiatesUri basedOn partOf inResponseTo status statusReason
    category priority medium subject topic about encounter sent received recipient sender reasonCode reasonReference
    payload note reason context definition notDone notDoneReason
CommunicationRequest: identifier basedOn replaces groupIdentifier status statusReason category priority doNotPerform
    medium subject about encounter payload occurrenceDateTime occurrencePeriod authoredOn requester recipient sender
    reasonCode reasonReference note informationProvider intent reason context topic
Composition: identifier status type category subject encounter date author title confidentiality attester custodian
    relatesTo event section
Consent: identifier status scope category patient dateTime performer organization sourceAttachment sourceReference
    policy policyRule verification provision
Coverage: identifier status type policyHolder subscriber subscriberId beneficiary dependent relationship period
    payor class order network costToBeneficiary subrogation contract
CoverageEligibilityResponse: identifier status purpose patient servicedDate servicedPeriod created requestor request
    outcome disposition insurer insurance preAuthRef form error
DetectedIssue: identifier status code severity patient identifiedDateTime identifiedPeriod author implicated
    evidence detail reference mitigation
Device: identifier definition udiCarrier status statusReason distinctIdentifier manufacturer manufactureDate
    expirationDate lotNumber serialNumber deviceName modelNumber partNumber type specialization version property
    patient owner contact location url note safety parent availabilityStatus biologicalSourceEvent category
    conformsTo cycle displayName duration endpoint gateway mode name model udi
DeviceMetric: identifier type unit source parent operationalStatus color category measurementPeriod calibration
DeviceRequest: identifier instantiatesCanonical instantiatesUri basedOn priorRequest groupIdentifier status intent
    priority codeReference codeCodeableConcept parameter subject encounter occurrenceDateTime occurrencePeriod
    occurrenceTiming authoredOn requester performerType performer reasonCode reasonReference insurance
    supportingInfo note relevantHistory asNeeded asNeededFor code doNotPerform quantity reason replaces context
    definition
DeviceUsage: adherence basedOn bodySite category context dateAsserted derivedFrom device identifier
    informationSource note patient reason status timingDateTime timingPeriod timingTiming usageReason usageStatus
DeviceUseStatement: identifier basedOn status subject derivedFrom timingTiming timingPeriod timingDateTime
    recordedOn source device reasonCode reasonReference bodySite note indication whenUsed
DiagnosticReport: identifier basedOn status category code subject encounter effectiveDateTime effectivePeriod issued
    performer resultsInterpreter specimen result imagingStudy media conclusion conclusionCode presentedForm
    composition note study supportingInfo codedDiagnosis context image
DocumentReference: masterIdentifier identifier status docStatus type category subject date author authenticator
    custodian relatesTo description securityLabel content context
Endpoint: identifier status connectionType name managingOrganization contact period payloadType payloadMimeType
    address header
EnrollmentRequest: identifier status created insurer provider candidate coverage
EpisodeOfCare: identifier status statusHistory type diagnosis patient managingOrganization period referralRequest
    careManager team account
ExplanationOfBenefit: identifier status type subType use patient billablePeriod created enterer insurer provider
    priority fundsReserveRequested fundsReserve related prescription originalPrescription payee referral facility
    claim claimResponse outcome disposition preAuthRef preAuthRefPeriod careTeam supportingInfo diagnosis procedure
    precedence insurance accident item addItem adjudication total payment formCode form processNote benefitPeriod
    benefitBalance
FamilyMemberHistory: identifier instantiatesCanonical instantiatesUri status dataAbsentReason patient date name
    relationship sex bornPeriod bornDate bornString ageAge ageRange ageString estimatedAge deceasedBoolean
    deceasedAge deceasedRange deceasedDate deceasedString reasonCode reasonReference note condition participant
    procedure reason definition gender notDone notDoneReason
Flag: identifier status category code subject period encounter author
Goal: identifier lifecycleStatus achievementStatus category priority description subject startDate
    startCodeableConcept target statusDate statusReason expressedBy addresses note outcomeCode outcomeReference
    continuous outcome source status
Group: identifier active type actual code name quantity managingEntity characteristic member
HealthcareService: identifier active providedBy category type specialty location name comment extraDetails photo
    telecom coverageArea serviceProvisionCode eligibility program characteristic communication referralMethod
    appointmentRequired availableTime notAvailable availabilityExceptions endpoint
ImagingStudy: identifier status modality subject encounter started basedOn referrer interpreter endpoint
    numberOfSeries numberOfInstances procedureReference procedureCode location reasonCode reasonReference note
    description series partOf procedure reason accession availability context modalityList patient uid
Immunization: identifier status statusReason vaccineCode patient encounter occurrenceDateTime occurrenceString
    recorded primarySource reportOrigin location manufacturer lotNumber expirationDate site route doseQuantity
    performer note reasonCode reasonReference isSubpotent subpotentReason education programEligibility fundingSource
    reaction protocolApplied administeredProduct basedOn informationSource reason supportingInformation date
    explanation notGiven practitioner vaccinationProtocol
ImmunizationEvaluation: identifier status patient date authority targetDisease immunizationEvent doseStatus
    doseStatusReason description series doseNumberPositiveInt doseNumberString seriesDosesPositiveInt
    seriesDosesString
ImmunizationRecommendation: identifier patient date authority recommendation
InsurancePlan: identifier status type name alias period ownedBy administeredBy coverageArea contact endpoint network
    coverage plan
Invoice: identifier status cancelledReason type subject recipient date participant issuer account lineItem
    totalPriceComponent totalNet totalGross paymentTerms note
Linkage: active author item
List: identifier status mode title code subject encounter date source orderedBy note entry emptyReason
Location: identifier status operationalStatus name alias description mode type telecom address physicalType position
    managingOrganization partOf hoursOfOperation availabilityExceptions endpoint
MeasureReport: identifier status type measure subject date reporter period improvementNotation group
    evaluatedResource
Media: identifier basedOn partOf status type modality view subject encounter createdDateTime createdPeriod issued
    operator reasonCode bodySite deviceName device height width frames duration content note
Medication: identifier code status manufacturer form amount ingredient batch definition doseForm
    marketingAuthorizationHolder totalVolume image isBrand isOverTheCounter package
MedicationAdministration: identifier instantiates partOf status statusReason category medicationCodeableConcept
    medicationReference subject context supportingInformation effectiveDateTime effectivePeriod performer reasonCode
    reasonReference request device note dosage eventHistory basedOn encounter isSubPotent medication
    occurenceDateTime occurencePeriod occurenceTiming reason recorded subPotentReason definition notGiven
    prescription reasonNotGiven
MedicationDispense: identifier partOf status statusReasonCodeableConcept statusReasonReference category
    medicationCodeableConcept medicationReference subject context supportingInformation performer location
    authorizingPrescription type quantity daysSupply whenPrepared whenHandedOver destination receiver note
    dosageInstruction substitution detectedIssue eventHistory basedOn encounter medication notPerformedReason
    recorded renderedDosageInstruction statusChanged notDone notDoneReasonCodeableConcept notDoneReasonReference
MedicationRequest: identifier status statusReason intent category priority doNotPerform reportedBoolean
    reportedReference medicationCodeableConcept medicationReference subject encounter supportingInformation
    authoredOn requester performer performerType recorder reasonCode reasonReference instantiatesCanonical
    instantiatesUri basedOn groupIdentifier courseOfTherapyType insurance note dosageInstruction dispenseRequest
    substitution priorPrescription detectedIssue eventHistory device effectiveDosePeriod informationSource
    medication reason renderedDosageInstruction reported statusChanged context definition
MedicationStatement: identifier basedOn partOf status statusReason category medicationCodeableConcept
    medicationReference subject context effectiveDateTime effectivePeriod dateAsserted informationSource derivedFrom
    reasonCode reasonReference note dosage adherence effectiveTiming encounter medication reason
    relatedClinicalInformation renderedDosageInstruction reasonNotTaken taken
MolecularSequence: identifier type coordinateSystem patient specimen device performer quantity referenceSeq variant
    observedSeq quality readCoverage repository pointer structureVariant
NutritionOrder: identifier instantiatesCanonical instantiatesUri instantiates status intent patient encounter
    dateTime orderer allergyIntolerance foodPreferenceModifier excludeFoodModifier oralDiet supplement
    enteralFormula note basedOn groupIdentifier outsideFoodAllowed performer priority subject supportingInformation
Organization: identifier active type name alias telecom address partOf contact endpoint
PaymentNotice: identifier status request response created provider payment paymentDate payee recipient amount
    paymentStatus
PaymentReconciliation: identifier status period created paymentIssuer request requestor outcome disposition
    paymentDate paymentAmount paymentIdentifier detail formCode processNote
Person: identifier name telecom gender birthDate address photo managingOrganization active link
Practitioner: identifier active name telecom address gender birthDate photo qualification communication
PractitionerRole: identifier active period practitioner organization code specialty location healthcareService
    telecom availableTime notAvailable availabilityExceptions endpoint
Procedure: identifier instantiatesCanonical instantiatesUri basedOn partOf status statusReason category code subject
    encounter performedDateTime performedPeriod performedString performedAge performedRange recorder asserter
    performer location reasonCode reasonReference bodySite outcome report complication complicationDetail followUp
    note focalDevice usedReference usedCode focus occurrenceAge occurrenceDateTime occurrencePeriod occurrenceRange
    occurrenceString occurrenceTiming reason recorded reportedBoolean reportedReference supportingInfo used context
    definition notDone notDoneReason
ProcedureRequest: asNeededBoolean asNeededCodeableConcept authoredOn basedOn bodySite category code context
    definition doNotPerform identifier intent note occurrenceDateTime occurrencePeriod occurrenceTiming performer
    performerType priority reasonCode reasonReference relevantHistory replaces requester requisition specimen status
    subject supportingInfo
Provenance: target occurredPeriod occurredDateTime recorded policy location reason activity agent entity signature
QuestionnaireResponse: identifier basedOn partOf questionnaire status subject encounter authored author source item
    context parent
ReferralRequest: authoredOn basedOn context definition description groupIdentifier identifier intent note
    occurrenceDateTime occurrencePeriod priority reasonCode reasonReference recipient relevantHistory replaces
    requester serviceRequested specialty status subject supportingInfo type
RelatedPerson: identifier active patient relationship name telecom gender birthDate address photo period
    communication
RiskAssessment: identifier basedOn parent status method code subject encounter occurrenceDateTime occurrencePeriod
    condition performer reasonCode reasonReference basis prediction mitigation note reason comment context
    reasonCodeableConcept
Schedule: identifier active serviceCategory serviceType specialty actor planningHorizon comment
ServiceRequest: identifier instantiatesCanonical instantiatesUri basedOn replaces requisition status intent category
    priority doNotPerform code orderDetail quantityQuantity quantityRatio quantityRange subject encounter
    occurrenceDateTime occurrencePeriod occurrenceTiming asNeededBoolean asNeededCodeableConcept authoredOn
    requester performerType performer locationCode locationReference reasonCode reasonReference insurance
    supportingInfo specimen bodySite note patientInstruction relevantHistory bodyStructure focus location reason
Slot: identifier serviceCategory serviceType specialty appointmentType schedule status start end overbooked comment
Specimen: identifier accessionIdentifier status type subject receivedTime parent request collection processing
    container condition note
Substance: identifier status category code description instance ingredient
SupplyDelivery: identifier basedOn partOf status patient type suppliedItem occurrenceDateTime occurrencePeriod
    occurrenceTiming supplier destination receiver
SupplyRequest: identifier status category priority itemCodeableConcept itemReference quantity parameter
    occurrenceDateTime occurrencePeriod occurrenceTiming authoredOn requester supplier reasonCode reasonReference
    deliverFrom deliverTo
Task: identifier instantiatesCanonical instantiatesUri basedOn groupIdentifier partOf status statusReason
    businessStatus intent priority code description focus for encounter executionPeriod authoredOn lastModified
    requester performerType owner location reasonCode reasonReference insurance note relevantHistory restriction
    input output
VisionPrescription: identifier status created patient encounter dateWritten prescriber lensSpecification
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in re.split(r"\n(?=\S)", text.strip()):
        type_, _, names = one.partition(":")
        found[type_] = tuple(names.split())
    return found


ELEMENTS: Mapping[str, tuple[str, ...]] = _table(_NAMES)
"""The names of the elements of a type, those of all types apart."""
