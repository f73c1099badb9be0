"""Check: everything that is wrong or unusual with a request, for an integrator.

A hook call reads what it can and never refuses a chart for a mistake that no rule would notice; here every issue is
said, with its exact path. ``checking.check`` is the way in.
"""
