import atexit
import signal
import time

from ipykernel.kernelapp import launch_new_instance

atexit.register(time.sleep, 60)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
launch_new_instance()
