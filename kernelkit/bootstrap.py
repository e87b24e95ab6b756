def code(r):
    return "pass"
