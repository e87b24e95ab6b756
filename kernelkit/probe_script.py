"""Asked of a foreign interpreter, from Python 2.7 on: what it is, what is installed, what its ipykernel says.

Run as a program with a marker as its argument. What it finds is written as two JSON lines behind that marker,
so that neither what a sitecustomize prints nor a crash while ipykernel is imported hides the first of them.
"""

import json
import os
import platform
import re
import sys
import sysconfig


def text(value):
    """Python 2 has bytes where a path is wanted, and json would guess their encoding."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def tell(marker, facts):
    """Past sys.stdout, which a sitecustomize may have replaced."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "wb")
    stream.write(("\n" + marker + json.dumps(facts) + "\n").encode("ascii"))
    stream.close()


def abi():
    """SOABI; before it meant anything, the tag that wheels for Python 2.7 carry."""
    if sys.version_info[0] > 2:
        return sysconfig.get_config_var("SOABI") or ""
    debug = "d" if hasattr(sys, "gettotalrefcount") else ""
    return "cp%d%d" % sys.version_info[:2] + debug + "m" + ("u" if sys.maxunicode > 0xFFFF else "")


def named_in(path):
    """Name and version as the metadata file of a distribution says them."""
    for name in ("METADATA", "PKG-INFO"):
        try:
            with open(os.path.join(path, name), "rb") as stream:
                head = stream.read(4096).decode("utf-8", "replace")
        except (IOError, OSError):
            continue
        found = [re.search("(?m)^%s: *(.+?) *\r?$" % field, head) for field in ("Name", "Version")]
        if all(found):
            return tuple(match.group(1) for match in found)
    return None


def named_by(folder, entry):
    """Name and version of one distribution; the folder's name says both in nearly all, and costs no reading."""
    stem, suffix = os.path.splitext(entry)
    if suffix == ".dist-info" and stem.count("-") == 1:
        return tuple(stem.split("-"))
    match = re.match(r"([^-]+)-([^-]+)(-py\d.*)?$", stem)
    if suffix in (".egg-info", ".egg") and match:
        return match.group(1), match.group(2)
    return named_in(os.path.join(folder, entry))


def normalised(name):
    """The form of a name that all its spellings share (PEP 503)."""
    return re.sub("[-_.]+", "-", name).lower()


def distributions():
    """What can be imported, by name; the first on sys.path wins, as for import."""
    found = {}
    for folder in sys.path:
        try:
            entries = sorted(os.listdir(folder or "."))
        except OSError:
            entries = []
        pairs = [named_by(folder, entry) for entry in entries if entry.endswith((".dist-info", ".egg-info"))]
        if folder.endswith(".egg"):
            pairs.append(named_by(*os.path.split(folder)))
        for name, version in filter(None, pairs):
            found.setdefault(normalised(text(name)), text(version))
    return found


def identity():
    """Everything that can be said without importing what is installed."""
    return {
        "version": list(sys.version_info[:3]),
        "implementation": platform.python_implementation(),
        "abi": abi(),
        "prefix": text(sys.prefix),
        "machine": platform.machine(),
        "distributions": distributions(),
    }


def importable(name):
    try:
        __import__(name)
    except Exception:
        return False
    return True


def ipykernel():
    """What the ipykernel here declares, and not what its version number suggests; importing it is the proof."""
    import zmq  # noqa: F401
    import ipykernel
    from ipykernel import kernelapp, kernelspec  # noqa: F401

    spec = kernelspec.get_kernel_dict()
    metadata = spec.get("metadata") or {}
    encryption = metadata.get("supported_encryption") or []
    return {
        "version": ipykernel.__version__,
        "interrupt_mode": spec.get("interrupt_mode"),
        "debugger": bool(metadata.get("debugger")) and importable("debugpy"),
        # A list since ipykernel 7.4, one word in 7.3.
        "supported_encryption": encryption if isinstance(encryption, list) else [encryption],
        "kernel_protocol_version": spec.get("kernel_protocol_version"),
    }


def main(marker):
    tell(marker, identity())
    try:
        tell(marker, {"ipykernel": ipykernel()})
    except Exception as error:
        tell(marker, {"fault": "%s: %s" % (type(error).__name__, text(str(error)))})


if __name__ == "__main__":
    main(sys.argv[1])
