import os

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import launch_new_instance

IPythonKernel.do_execute = lambda *_, **__: os._exit(9)
launch_new_instance()
