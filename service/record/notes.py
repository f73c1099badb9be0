"""Notes: every fixed remark that reading a chart can make. Sentences of ours that name nothing of a record.

``{}`` stands for a reference. What is here may be stored and quoted as it is; a remark that is not here is replaced
before it is stored, so that a new one leaks nothing before somebody has looked at it. A test holds the list against
the code that makes the remarks, both ways.
"""

from __future__ import annotations

_NOTES = """
a Bundle whose entry is not a list
a date that is not a string
a medication that was not recognised
a response without its resource
a list: a Bundle is meant
a text: the resource itself is meant, not JSON within a text
about another patient; not used
advanced to now
also answered no ({})
an empty object
an object where a list belongs
an OperationOutcome stands in place of data
an OperationOutcome, passed over
an order that is over already; not checked
another reason is given
another version of the same resource was sent; the newer is used
being ordered now
birth date lies in the future
birth date not recorded
body site not given
Bundles nested too deep
by brand name
by brand name: its products differ, all are meant
by text only
cannot be read
comparator not understood
completed within 30 days, its supply is not written: may still be taken
completed, the supply may reach to now
computed (CKD-EPI 2021)
computed from the estimated delivery date
computed from the last menstrual period
date not exact enough
dated after this call
dispensed, supply not used up
dose not given
draft
eGFR not computed from creatinine: implausible
eGFR not computed from creatinine: the patient is not known to be adult
ended since
first recorded
formerly answered yes ({})
given within 3 days, or without a date: may still be taken
intended
its name tells more strengths than ingredients that were recognised
length of the course not given
matched by text only
more pages follow
names an order that is not among the draft orders
names none of the draft orders; all of them were checked
no code that can be read
no date given
no reason given on the order
no resource
no resourceType
no result, only a reason for its absence
no subject; not used
no subject; taken to be about the one patient of the document
no such date
no such order in this call
no value given
not a FHIR resource
not a kind of order that is checked
not a list
not a number
not a string
not an object
not certain
not checked: the order was not recognised
not finished
not given
not recognised
not recorded
not written as a FHIR date
on hold
only entries that say it is not so
only one value in this episode: no change can be told
partial report
planned, not ordered
preliminary
proposed
provisional
range not understood
read by its ICD-10 category
recorded as active although an end is given
recorded as refuted
recorded without a date
registered, no final report yet
registered, no final result yet
registered, not yet available
resourceType is not the name of a resource type
said to be taken, with an end in the past: may still be taken
several routes are given
sex for clinical use
sex not known: the lower of the two
sex not recorded as female or male
start of the episode not known
status not given
status not understood
status unknown
stopped
stopped before it was complete
stopped, but not known when
text is not a number
the client sent an OperationOutcome
the client's query failed
the first value is 0
the key was not sent
the list is empty, which is not an answer
the Medication it refers to was not sent
the route does not fit the product
unit asked for is not known
unit code and unit text disagree
unit does not convert
unit given as mL/min
unit not given
unit not given, taken from what was measured
unit not known
value not given
within another resource; not used
{} has no answer that can be read
{} is no longer active
{} says no, but does not settle it
{}: cannot be used
{}: no date given
{}: no gestational age that can be used
{}: preliminary, not used
{}: tells of an earlier pregnancy
"""
NOTES = frozenset(line for line in _NOTES.splitlines() if line)
