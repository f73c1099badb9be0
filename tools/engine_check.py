"""Say at once, right after it was compiled, whether the rule engine can be used on this Python.

Exit code 0: it loads. 1: it does not, and what to do is on stderr. Without this check the first sign would be an
ImportError when the service starts.
"""

import sys


def main() -> int:
    """Load the engine once; return the exit code."""
    try:
        import durable_rules_engine  # noqa: F401
    except ImportError as error:
        sys.stderr.write(
            f"The rule engine does not load on Python {sys.version_info.major}.{sys.version_info.minor}: {error}\n"
            "It must be compiled with the flags of the Makefile. Remove the one that was built and build it again:\n"
            "    pip uninstall --yes durable-rules\n"
            "    CC='gcc -O2 -DPyEval_CallObject=PyObject_CallObject' "
            "pip install --no-cache-dir --no-binary durable-rules durable-rules==2.0.28\n"
            "or with uv: uv cache clean durable-rules, then make setup.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
