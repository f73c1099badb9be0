"""The command line: ``sciatica-cds``. Every command is a caller of the same rooms the web service uses.

Exit codes: 0 done and good; 1 the work was done and something is wrong (lint, test, prove, audit);
2 the command was called wrongly, or a file cannot be read.
"""

from service.cli.main import main

__all__ = ["main"]
