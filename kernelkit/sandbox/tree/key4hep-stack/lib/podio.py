"""kernelkit sandbox: a stand-in for podio. This is not podio."""

SANDBOX = True
__version__ = "1.2.0"
