import time

time.sleep(70)
from ipykernel.kernelapp import launch_new_instance

launch_new_instance()
