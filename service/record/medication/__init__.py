"""Medication: a drug -> ingredients, dose, route, supply."""
