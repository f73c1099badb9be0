"""Measurements of the service from outside, as its callers and operators meet it: ``make bench``."""
