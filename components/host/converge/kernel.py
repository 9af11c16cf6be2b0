"""Wanted kernel settings."""

import os

from host import Failure  # bundled
from outcome import Outcome, host_kernel_reason  # bundled


def sysctl(host, item):
    """Kernel settings, now and at each boot. The file holds only what this kernel has and lets us set."""
    applicable = {}
    for key, value in item["settings"].items():
        reason = not_settable(host, key)
        if reason:
            yield Outcome(f"sysctl {key}", reason=reason)
            continue
        applicable[key] = value
        current = " ".join((host.read(proc_path(key)) or "").split())
        yield Outcome(f"sysctl {key}", None if current == value else lambda k=key, v=value: set_kernel(host, k, v))
    lines = [f"{key}={value}" for key, value in applicable.items()]
    text = "\n".join(["# Written by creel-converge", *lines]) + "\n"
    same = host.read(item["path"]) == text
    yield Outcome(f"file {item['path']}", None if same else lambda: host.write(item["path"], text))


def proc_path(key):
    return "/proc/sys/" + key.replace(".", "/")


def not_settable(host, key):
    """A container shares its kernel: all but the settings of its own network would change the host."""
    if host.container() and not key.startswith("net."):
        return host_kernel_reason(host)
    path = host.path(proc_path(key))
    if not os.path.exists(path):
        return "this kernel has no such setting here"
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return "/proc/sys is read-only here"
    return None


def set_kernel(host, key, value):
    host.log(f"sysctl {key}={value}")
    try:
        with open(host.path(proc_path(key)), "w", encoding="utf-8") as file:
            file.write(value)
    except OSError as error:
        raise Failure(f"the kernel refuses {key}={value}: {error.strerror}") from None
