c.IPKernelApp.shell_port = 'http'
