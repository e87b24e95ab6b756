"""kernelkit: Jupyter kernels for experiment software, rendered, installed whole, and proven to launch."""

__version__ = "0.1.0"
