"""Builds the empty package that pre-commit installs, with nothing but Python itself.

A build backend of its own (PEP 517) needs no download: all that the package holds is the wish for
the wheel of this version.
"""

import os
import re
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "straykey_hooks"


def _version():
    path = os.path.join(HERE, os.pardir, os.pardir, "pyproject.toml")
    with open(path, encoding="utf-8") as file:
        return re.search(r'^version = "([^"]+)"$', file.read(), re.MULTILINE).group(1)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = _version()
    info = f"{NAME}-{version}.dist-info"
    files = {
        f"{info}/METADATA": (
            "Metadata-Version: 2.1\n"
            "Name: straykey-hooks\n"
            f"Version: {version}\n"
            "Requires-Python: >=3.8\n"
            f"Requires-Dist: straykey=={version}\n"
        ),
        f"{info}/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: straykey\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    names = [*files, f"{info}/RECORD"]
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in names)
    wheel = f"{NAME}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError("the package is made from a clone of the repository only")
