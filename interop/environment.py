"""Where the interoperability tests keep what they install: a venv with the pinned packages."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
VENV = TARGET / "interop-venv"
REQUIREMENTS = HERE / "requirements.txt"


def skip(why):
    print("skipped: %s" % why)
    sys.exit(0)


def enter_venv(script):
    """Creates the venv if needed, installs what is pinned, and runs the script again inside it."""
    if pathlib.Path(sys.prefix).resolve() == VENV:
        return
    python = VENV / "bin" / "python"
    if sys.version_info < (3, 8):
        skip("no Python 3.8 or later (this is %d.%d)" % sys.version_info[:2])
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode if python.exists() else True:
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            skip("no Python venv or pip (%s)" % (made.stdout + made.stderr).strip().splitlines()[-1:])
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]
    )
    if installed.returncode:
        sys.exit("pip could not install %s" % REQUIREMENTS)
    os.execv(python, [str(python), str(pathlib.Path(script).resolve()), *sys.argv[1:]])
