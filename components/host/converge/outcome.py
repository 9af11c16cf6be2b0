"""What became of one wanted item."""


class Outcome:
    """Fine as it is, to be changed by `apply`, or not to be had on this machine for a `reason`."""

    def __init__(self, label, apply=None, reason=None):
        self.labels = [label] if isinstance(label, str) else label
        self.apply = apply
        self.reason = reason


def host_kernel_reason(host):
    return f"this server is a container ({host.container()}); its kernel belongs to the host"
