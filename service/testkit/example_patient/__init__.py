"""Builder: the inverse of deriving. From findings back to the smallest FHIR that makes them so.

For tests, witness patients and example requests. ``knowledge.model.possible_states`` says what a fact can be;
``document.Builder`` writes a patient for one fact or for a whole assignment of facts, as a ``case.Case``: its
``bundle()`` with the ``complete`` it must be read with, or its ``prefetch()`` and ``orders``.
"""
