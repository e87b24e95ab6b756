import signal

from ipykernel import kernelbase
from ipykernel.kernelapp import launch_new_instance

kernelbase.default_int_handler = signal.SIG_IGN
launch_new_instance()
