"""The remarks about findings and problems that may be remembered: sentences of ours that name nothing of a record.

``{}`` stands for a masked reference. A remark that is not here is replaced, so a new one leaks nothing before somebody
has looked at it.
"""

from __future__ import annotations

_REMARKS = """
{} has no answer that can be read
{} is no longer active
{} says no, but does not settle it
a date that is not a string
a medication that was not recognised
about another patient; not used
advanced to now
an object where a list belongs
an OperationOutcome stands in place of data
an OperationOutcome, passed over
an order that is over already; not checked
another reason is given
also answered no ({})
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
computed (CKD-EPI 2021)
computed from the estimated delivery date
computed from the last menstrual period
date not exact enough
dated after this call
dispensed, supply not used up
dose not given
eGFR not computed from creatinine: implausible
eGFR not computed from creatinine: the patient is not known to be adult
first recorded
formerly answered yes ({})
holds no resource
is not an array
length of the course not given
matched by text only
more pages follow
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
not a kind of order that is checked
not a list
not a number
not a string
not an object
not certain
not given
not checked: the order was not recognised
not recognised
not recorded
not written as a FHIR date
only one value in this episode: no change can be told
planned, not ordered
provisional
range not understood
recorded as active although an end is given
recorded as refuted
recorded without a date
resourceType is not the name of a resource type
several routes are given
sex for clinical use
sex not known: the lower of the two
sex not recorded as female or male
start of the episode not known
status not given
status not understood
stopped, but not known when
text is not a number
the first value is 0
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
"""
KNOWN_REMARKS = frozenset(line for line in _REMARKS.splitlines() if line)
