from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import launch_new_instance


async def do_execute(self, *_, **__):
    return {'status': 'error', 'ename': 'LicenceError', 'evalue': 'none left', 'traceback': []}


IPythonKernel.do_execute = do_execute
launch_new_instance()
