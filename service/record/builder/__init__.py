"""Builder: the inverse of deriving. From findings back to the smallest FHIR that makes them so.

For tests, witness patients and example requests. ``states.possible_states`` says what a fact can be,
``document.Builder`` writes one fact or a whole assignment of facts.
"""
