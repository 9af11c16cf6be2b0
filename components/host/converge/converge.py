"""Makes a server what its profile wants, and says what that took."""

# Each step looks first and changes only what differs, so a second run changes nothing; an interrupted run is finished by
# the next one. Standard output is one JSON document; progress goes to standard error, the programs' own words to the log.

import argparse
import hashlib
import json
import os
import sys
import time

from files import HostKeys, absent, block, directory, file, filtered, locked_password, member, user  # bundled
from firewall import nft_table, ufw  # bundled
from host import Failure, Host, tail  # bundled
from kernel import sysctl  # bundled
from outcome import Outcome, host_kernel_reason  # bundled
from packages import packages  # bundled
from units import bring_into_effect, unit  # bundled

STATUS = "/var/lib/creel/status.json"
PENDING = "/var/lib/creel/pending"
PROGRAM = "/usr/local/sbin/creel-converge"
# Kinds of item that only write files; any other may read what they have written.
ON_DISK = {"file", "directory", "absent", "block", "filtered", "hostKey"}


class Converge:
    def __init__(self, host, wanted, version):
        self.host = host
        self.wanted = wanted
        self.version = version
        self.host_keys = HostKeys()
        self.kinds = {
            "file": file,
            "directory": directory,
            "absent": absent,
            "block": block,
            "filtered": filtered,
            "user": user,
            "lockedPassword": locked_password,
            "member": member,
            "hostKey": self.host_keys.host_key,
            "packages": packages,
            "unit": unit,
            "sysctl": sysctl,
            "nftTable": nft_table,
            "ufw": ufw,
        }
        self.changed = []
        self.unchanged = 0
        self.not_applicable = {}
        self.took = {}

    def check(self):
        """What a run would change. Touches nothing."""
        for step in self.wanted["steps"]:
            for item in step["items"]:
                for outcome in self.outcomes(item):
                    self.count(outcome)
            if os.path.exists(self.pending(step)):
                self.changed.append(f"{step['name']}: an interrupted run")
            self.changed += [f"{step['name']}: {label}" for label in self.failing_probes(step)]
        return self.report("drift")

    def run(self):
        started = time.time()
        status = {"version": self.version, "profile": self.wanted["profile"], "started": stamp(), "finished": None, "ok": None}
        for item in (item for step in self.wanted["steps"] for item in step["items"] if item["kind"] == "hostKey"):
            self.host_keys.begin(self.host, item)
        for number, step in enumerate(self.wanted["steps"], 1):
            begun = time.time()
            name = step["name"]
            self.save(status, step=name)
            say(f"{number}/{len(self.wanted['steps'])} {name}")
            try:
                self.step(step)
            except Exception as failure:  # whatever it is, the operator must hear in which step
                error = f"{failure}" if isinstance(failure, Failure) else f"{type(failure).__name__}: {failure}"
                self.host.log(f"step {name} failed: {error}")
                self.save(status, step=name, finished=stamp(), ok=False, error=error)
                say(f"step {name} failed: {error}")
                return None
            self.took[name] = round(time.time() - begun, 1)
        self.took["total"] = round(time.time() - started, 1)
        self.save(status, step=None, finished=stamp(), ok=True, took=self.took)
        return self.report("changed")

    def step(self, step):
        host, before = self.host, len(self.changed)
        interrupted = os.path.exists(self.pending(step))
        host.written = []
        for item in step["items"]:
            if item["kind"] not in ON_DISK:
                self.validate(step)
            for outcome in self.outcomes(item):
                self.count(outcome)
                if outcome.apply:
                    self.mark(step)
                    outcome.apply()
        self.validate(step)
        if len(self.changed) > before or interrupted:
            host.load_units()
            for reload in step.get("reload", []):
                bring_into_effect(host, reload)
        self.wait_for_probes(step)
        if os.path.exists(self.pending(step)):
            os.unlink(self.pending(step))

    def validate(self, step):
        """A file that its own program refuses is put back at once: it must not wait for a service or the next reboot."""
        if not self.host.written:
            return
        try:
            for argv in step.get("validate", []):
                self.host.run(argv)
        except Failure:
            self.host.undo_writes()
            raise
        self.host.written = []

    def outcomes(self, item):
        if item.get("needs") == "machine" and self.host.container():
            return [Outcome(label(item), reason=host_kernel_reason(self.host))]
        if item.get("release", self.host.release()) != self.host.release():
            return []
        return self.kinds[item["kind"]](self.host, item)

    def count(self, outcome):
        if outcome.reason:
            self.not_applicable.setdefault(outcome.reason, []).extend(outcome.labels)
        elif outcome.apply:
            self.changed += outcome.labels
        else:
            self.unchanged += len(outcome.labels)

    # Probes: what must be true at the end of a step, whether or not it changed anything

    def failing_probes(self, step):
        return [probe["label"] for probe in self.applicable_probes(step) if not self.passes(probe)]

    def wait_for_probes(self, step):
        for probe in self.applicable_probes(step):
            deadline = time.time() + probe.get("seconds", 30)
            while not self.passes(probe):
                if time.time() > deadline:
                    _, out = self.host.probe(probe["argv"])
                    raise Failure(f"{probe['label']}: not so; {' '.join(probe['argv'])} says\n{tail(out)}")
                time.sleep(0.5)

    def applicable_probes(self, step):
        return [probe for probe in step.get("probes", []) if not (probe.get("needs") == "machine" and self.host.container())]

    def passes(self, probe):
        code, out = self.host.probe(probe["argv"])
        return code == 0 and probe.get("expect", "") in out

    # What is left on disk

    def pending(self, step):
        return self.host.path(f"{PENDING}/{step['name']}")

    def mark(self, step):
        os.makedirs(os.path.dirname(self.pending(step)), exist_ok=True)
        open(self.pending(step), "w", encoding="utf-8").close()

    def save(self, status, **news):
        status.update(news)
        path = self.host.path(STATUS)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.new", "w", encoding="utf-8") as out:
            json.dump(status, out)
        os.replace(f"{path}.new", path)

    def report(self, word):
        return {
            "profile": self.wanted["profile"],
            "version": self.version,
            word: self.changed,
            "unchanged": self.unchanged,
            "notApplicable": [{"reason": reason, "items": items} for reason, items in self.not_applicable.items()],
            "took": self.took,
        }


def label(item):
    return " ".join(str(item[key]) for key in ("kind", "path", "name") if key in item)


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def say(text):
    print(f"converge: {text}", file=sys.stderr, flush=True)


def main(wanted):
    parser = argparse.ArgumentParser(prog="creel-converge", description="Makes this server what its profile wants.")
    parser.add_argument("--check", action="store_true", help="report drift and touch nothing; exit code 2 when there is some")
    parser.add_argument("--first-boot", action="store_true", help="trade crash safety of the disk for speed")
    parser.add_argument("--root", default="/", help="a directory that stands for the machine")
    options = parser.parse_args()

    # Not the caller's: packages and directories made over SSH must be as readable as those of the first boot.
    os.umask(0o022)
    with open(__file__, encoding="utf-8") as source:
        program = source.read()
    host = Host(options.root)
    host.first_boot = options.first_boot
    run = Converge(host, wanted, hashlib.sha256(program.encode()).hexdigest()[:12])
    if options.check:
        report = run.check()
        print(json.dumps(report, indent=1))
        sys.exit(2 if report["drift"] else 0)
    try:
        host.lock()
    except Failure as failure:
        say(str(failure))
        sys.exit(1)
    if host.read(PROGRAM) != program:
        host.write(PROGRAM, program, "0700")
    report = run.run()
    if report is None:
        sys.exit(1)
    print(json.dumps(report, indent=1))
