"""Say what is missing before anything is installed: the Python version, venv, a C compiler, the Python headers.

The rule engine has no ready-made wheels, so it is compiled on this machine. This file must start on
any Python 3, because saying "this Python is too old" is one of its answers; hence no modern syntax.
Exit code 0: all there. 1: something is missing, and what to install is on stderr.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import List, Optional

OLDEST, NEWEST = (3, 11), (3, 14)
PROGRAM = "#include <Python.h>\nint main(void) { return 0; }\n"


def compiler() -> List[str]:
    """Return the compiler command of the environment (CC), as a list, with cc as the default."""
    return shlex.split(os.environ.get("CC", "")) or ["cc"]


def missing_python() -> Optional[str]:
    """Return a sentence when this Python cannot run the service."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return None
    return ("Python 3.11 to 3.14 is needed, this is {}.{}. Name another one: make PYTHON=python3.13 setup").format(
        *sys.version_info[:2]
    )


def missing_venv() -> Optional[str]:
    """Return a sentence when virtual environments cannot be made."""
    try:
        import ensurepip  # noqa: F401 - Debian leaves it out of the python3 package
        import venv  # noqa: F401
    except ImportError:
        return "the venv module is missing. Debian, Ubuntu: apt-get install python3-venv"
    return None


def missing_compiler() -> Optional[str]:
    """Return a sentence when there is no C compiler, or when it cannot find the Python headers."""
    command = compiler()
    if shutil.which(command[0]) is None:
        return (
            "no C compiler ({}). Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc; "
            "macOS: xcode-select --install"
        ).format(command[0])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(PROGRAM, encoding="utf-8")
        include = "-I" + sysconfig.get_paths()["include"]
        probe = [*command, include, "-c", str(source), "-o", str(source.with_suffix(".o"))]
        done = subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == 0:
        return None
    return (
        "the C compiler cannot compile against the headers of Python {}.{} (Python.h). "
        "Debian, Ubuntu: apt-get install python3-dev libc6-dev; Fedora: dnf install python3-devel"
    ).format(*sys.version_info[:2])


def main() -> int:
    """Print every missing thing, not only the first; return the exit code."""
    faults = [fault for fault in (missing_python(), missing_venv(), missing_compiler()) if fault]
    for fault in faults:
        sys.stderr.write("sciatica-cds cannot be set up: " + fault + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
