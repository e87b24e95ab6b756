"""kernelkit sandbox: a stand-in for basf2, just enough for a first notebook. This is not basf2."""

import os

SANDBOX = True


class _Version(object):
    """Which release this is, as the folder it lies in tells."""

    release = __file__.split(os.sep + "releases" + os.sep, 1)[-1].split(os.sep)[0]

    def get_version(self):
        return self.release


version = _Version()


class Module(object):
    """A step of a path; this one does nothing."""

    def __init__(self, name, **parameters):
        self._name, self._parameters = name, parameters

    def name(self):
        return self._name

    def param(self, parameters):
        self._parameters.update(parameters)


class Path(object):
    """Modules in the order in which they see each event."""

    def __init__(self):
        self._modules = []

    def add_module(self, module, **parameters):
        if not isinstance(module, Module):
            module = Module(module)
        module.param(parameters)
        self._modules.append(module)
        return module

    def modules(self):
        return list(self._modules)

    def __str__(self):
        return "[" + " -> ".join(module.name() for module in self._modules) + "]"


def create_path():
    return Path()


def register_module(name, **parameters):
    return Module(name, **parameters)


def process(path, max_event=0):
    """Say what would run."""
    print("sandbox basf2 %s: would process %s" % (version.release, path))
