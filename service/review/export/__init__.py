"""Export: the rule set in the standards of others, for engines and repositories that are not ours."""
