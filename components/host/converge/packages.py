"""Wanted Debian packages."""

import os
import time

from host import Failure  # bundled
from outcome import Outcome, host_kernel_reason  # bundled

APT_ENV = {
    "DEBIAN_FRONTEND": "noninteractive",
    # needrestart looks at every process after each apt call, and would restart what we are about to configure.
    "NEEDRESTART_SUSPEND": "1",
    "UCF_FORCE_CONFFOLD": "1",
}
APT_OPTIONS = [
    "APT::Install-Recommends=false",
    # Without it apt ends with 0 when a mirror was down, and installs from old lists.
    "APT::Update::Error-Mode=any",
    "Acquire::Languages=none",
    # Few and short: the pauses between whole attempts are what outlasts a mirror's bad minute.
    "Acquire::Retries=1",
    "Acquire::http::Timeout=20",
    # Timers and the provider's own first boot may hold the lock.
    "DPkg::Lock::Timeout=300",
    "Dpkg::Use-Pty=0",
    "Dpkg::Options::=--force-confold",
    "Dpkg::Options::=--force-confdef",
]


# Debian asks it before a package starts a service.
POLICY = "/usr/sbin/policy-rc.d"
SERVICES_WAIT = "#!/bin/sh\n# creel: services start once they are configured\nexit 101\n"


def packages(host, item):
    if host.read(POLICY) == SERVICES_WAIT:
        # Of a run that was killed. With it no upgrade would ever restart a service again.
        yield Outcome(f"no {POLICY}", lambda: os.unlink(host.path(POLICY)))
    machine_only = item["installOnMachines"]
    for name in machine_only if host.container() else []:
        yield Outcome(f"package {name}", reason=host_kernel_reason(host))
    wanted = item["install"] + ([] if host.container() else machine_only)
    status = installed(host)
    missing = [name for name in wanted if name not in status]
    extra = [name for name in item["remove"] if name in status]
    for name in wanted:
        if name not in missing:
            yield Outcome(f"package {name}")
    if missing or extra:
        labels = [f"package {name}" for name in missing] + [f"no package {name}" for name in extra]
        yield Outcome(labels, lambda: transaction(host, missing, extra))


def installed(host):
    _, out = host.probe(["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n"])
    return {line.split()[1] for line in out.splitlines() if line.startswith("installed ")}


def transaction(host, missing, extra):
    """Everything in one apt run: each run pays for dpkg's triggers again."""
    options = [word for option in APT_OPTIONS for word in ("-o", option)]
    if host.first_boot:
        # Until the first boot is through, a crash means a new server, so nothing has to be on the disk yet.
        options += ["-o", "Dpkg::Options::=--force-unsafe-io"]
    words = missing + [f"{name}-" for name in extra]
    with ServicesHeldBack(host):
        if host.probe(["dpkg", "--audit"])[1].strip():
            host.run(["dpkg", "--configure", "-a", "--force-confold"], env=APT_ENV)
        apt_get(host, [*options, "update"], "apt-get update", 300)
        apt_get(host, [*options, "--purge", "--yes", "install", *words], "apt-get install", 1800)
    host.units_changed = True


def apt_get(host, words, name, timeout, pauses=(15, 45)):
    """A mirror may be away for a minute."""
    for pause in (*pauses, None):
        try:
            return host.run(["apt-get", *words], env=APT_ENV, timeout=timeout, name=name)
        except Failure as failure:
            if pause is None:
                raise
            host.log(f"{failure.args[0].splitlines()[0]}; again in {pause} s")
            time.sleep(pause)


class ServicesHeldBack:
    """Packages start their services while they are installed. Here each waits for its settings, and Docker for the firewall."""

    def __init__(self, host):
        self.host = host
        self.path = host.path(POLICY)

    def __enter__(self):
        if not os.path.exists(self.path):
            with open(self.path, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o755)
                file.write(SERVICES_WAIT)

    def __exit__(self, *_):
        if self.host.read(POLICY) == SERVICES_WAIT:
            os.unlink(self.path)
