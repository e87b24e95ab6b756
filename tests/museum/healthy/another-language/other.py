from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Other(Kernel):
    implementation = 'other'
    implementation_version = '1'
    banner = ''
    language_info = {'name': 'other', 'mimetype': 'text/plain', 'file_extension': '.o'}

    def do_execute(self, code, *_, **__):
        return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}


IPKernelApp.launch_instance(kernel_class=Other)
