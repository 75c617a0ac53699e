def register(shell, ext):
    pass


def unregister(shell):
    pass
