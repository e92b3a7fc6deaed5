"""The name that a worker says it has: by it the API tells on which machine a task ran."""

import os


def machine_name():
    return os.environ["MACHINE"]
