"""A small tree in the shape of CVMFS, to try kernelkit on a machine that has none.

The scripts, names and file formats behave like the experiments' own (their known faults included); the
software in it is made of labelled stand-ins, and the Python interpreters are real ones.
"""

from kernelkit.sandbox.build import build
from kernelkit.sandbox.python2 import find_python2

__all__ = ["build", "find_python2"]
