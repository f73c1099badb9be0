"""What an auditor asks of the rule set: are the examples true, is everything seen, is it safe for everyone?

Who approved it and who signed it, too. Reads knowledge and decides on findings; no call of an EHR waits for it.
"""
