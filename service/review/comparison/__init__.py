"""Comparison: what changed between two rule sets, for which patients.

``comparing.compare`` asks of every rule whether what is shown can differ for any patient, and answers with a patient
and the region of patients for each difference, or with a proof that there is none. Facts, value sets, orders, sources
and words are compared as text, apart from logic.
"""
