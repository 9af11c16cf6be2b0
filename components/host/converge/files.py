"""Wanted files, directories, accounts and keys."""

import os
import subprocess

from host import Failure, plain_env  # bundled
from outcome import Outcome  # bundled


def file(host, item):
    path, mode, owner = item["path"], item.get("mode", "0644"), item.get("owner", "root:root")
    text = "\n".join(item["lines"]) + "\n"
    same = host.read(path) == text and has_attributes(host, path, mode, owner)
    yield Outcome(f"file {path}", None if same else lambda: host.write(path, text, mode, owner))


def directory(host, item):
    path, mode, owner = item["path"], item["mode"], item.get("owner", "root:root")
    same = has_attributes(host, path, mode, owner)
    yield Outcome(f"directory {path}", None if same else lambda: host.make_directory(path, mode, owner))


def absent(host, item):
    path = item["path"]
    gone = not os.path.lexists(host.path(path))
    yield Outcome(f"no {path}", None if gone else lambda: os.unlink(host.path(path)))


def block(host, item):
    """Some lines of ours in a file that belongs to someone else."""
    path, begin, end = item["path"], f"# {item['marker']} begin", f"# {item['marker']} end"
    text = host.read(path) or ""
    before, _, rest = text.partition(begin + "\n")
    _, _, after = rest.partition(end + "\n")
    wanted = before + "\n".join([begin, *item["lines"], end]) + "\n" + after
    apply = None if wanted == text else lambda: host.write(path, wanted, *(host.attributes(path) or ("0644", "root:root")))
    yield Outcome(f"lines in {path}", apply)


def filtered(host, item):
    """A file of which only the lines remain whose field is at least a number."""
    path, field, least = item["path"], item["field"], item["least"]
    text = host.read(path)
    if text is None:
        return
    kept = [line for line in text.splitlines() if line.startswith("#") or enough(line, field, least)]
    wanted = "\n".join(kept) + "\n"
    yield Outcome(f"lines of {path}", None if wanted == text else lambda: host.write(path, wanted))


def enough(line, field, least):
    fields = line.split()
    return len(fields) > field and fields[field].isdigit() and int(fields[field]) >= least


def user(host, item):
    """A login with keys and without a password."""
    name = item["name"]
    if account(host, name) is None:
        yield Outcome(f"user {name}", lambda: host.run(["useradd", "--create-home", "--shell", "/bin/bash", name]))
    yield from locked_password(host, item)
    owner, home = f"{name}:{name}", f"/home/{name}/.ssh"
    yield from directory(host, {"path": home, "mode": "0700", "owner": owner})
    keys = {"path": f"{home}/authorized_keys", "mode": "0600", "owner": owner, "lines": item["authorizedKeys"]}
    yield from file(host, keys)


def locked_password(host, item):
    name = item["name"]
    shadow = dict(line.split(":")[:2] for line in (host.read("/etc/shadow") or "").splitlines() if ":" in line)
    locked = shadow.get(name, "!")[:1] in ("!", "*")
    yield Outcome(f"no password for {name}", None if locked else lambda: host.run(["usermod", "--lock", name]))


def member(host, item):
    name, group = item["user"], item["group"]
    groups = dict((line.split(":")[0], line.split(":")[3]) for line in lines_of(host, "/etc/group"))
    inside = name in groups.get(group, "").split(",")
    apply = lambda: host.run(["usermod", "--append", "--groups", group, name])
    yield Outcome(f"{name} in group {group}", None if inside else apply)


def account(host, name):
    return next((line for line in lines_of(host, "/etc/passwd") if line.split(":")[0] == name), None)


def lines_of(host, path):
    return [line for line in (host.read(path) or "").splitlines() if line.count(":") >= 3]


def has_attributes(host, path, mode, owner):
    found = host.attributes(path)
    return found is not None and found[0] == mode and (host.root != "/" or found[1] == owner)


class HostKeys:
    """Makes missing host keys in the background: 4096 bits of RSA take as long as an ordinary step."""

    def __init__(self):
        self.running = {}

    def begin(self, host, item):
        path = host.path(item["path"])
        if os.path.exists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        for leftover in (f"{path}.creel-new", f"{path}.creel-new.pub"):
            if os.path.exists(leftover):
                os.unlink(leftover)
        argv = ["ssh-keygen", "-q", "-t", item["type"], "-b", str(item["bits"]), "-N", "", "-C", "", "-f", f"{path}.creel-new"]
        self.running[item["path"]] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=plain_env())

    def host_key(self, host, item):
        there = os.path.exists(host.path(item["path"]))
        yield Outcome(f"host key {item['path']}", None if there else lambda: self.finish(host, item["path"]))

    def finish(self, host, path):
        if self.running.pop(path).wait() != 0:
            raise Failure(f"ssh-keygen could not make {path}")
        full = host.path(path)
        os.replace(f"{full}.creel-new.pub", f"{full}.pub")
        os.replace(f"{full}.creel-new", full)
