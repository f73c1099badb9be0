"""WHAT A CLINICIAN READS: from a Decision to cards."""
