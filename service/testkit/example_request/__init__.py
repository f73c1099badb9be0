"""Example request: requests made to order, that make one rule fire or just miss, so that integrators can try each rule.

``assignment`` finds facts for an example of a rule, through the conclusions it reads down to facts; ``calls`` puts the
patient that the builder makes of them into the body of a call; ``request_for_rule`` does both and makes sure that it
works.
"""
