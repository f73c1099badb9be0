"""What an auditor asks of the rule set: are the examples true, is everything seen, is it safe for everyone?

Reads knowledge and decides on findings; never on the web path.
"""
