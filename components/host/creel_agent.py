#!/usr/bin/python3 -I
"""creel-agent: the server's side of one agent: its limits, its state directory and its secrets.

  creel-agent apply NAME    reads {"uid", "memoryMiB", "tasksMax", "state", "secrets", "onChange"} from standard input
  creel-agent remove NAME   takes limits and secrets away; with --purge the state too
  creel-agent boot          puts every agent's secrets back into memory, before Docker starts

Secrets are encrypted on disk by systemd-creds, bound to this server and to NAME.KEY, and lie in clear only in memory,
readable by the agent's own user. No value is ever printed, logged or passed as an argument.
"""

import argparse
import base64
import binascii
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = "/"
VAULT = "/etc/agent-secrets"
MEMORY = "/run/agent-secrets"
STATE = "/var/lib/agents"
UNITS = "/etc/systemd/system"
AGENT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
STATE_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
MIB = 1024 * 1024
# systemd-creds refuses larger ones.
LARGEST_SECRET = 1024 * 1024


# Something is wrong with the request or with the server; the text never holds a value.
class Refused(Exception):
    pass


def main():
    parser = argparse.ArgumentParser(prog="creel-agent", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    apply_command = commands.add_parser("apply", help="limits, state directory and secrets of one agent, from JSON on standard input")
    apply_command.add_argument("name", type=agent_name)
    remove_command = commands.add_parser("remove", help="take an agent's limits and secrets away")
    remove_command.add_argument("name", type=agent_name)
    remove_command.add_argument("--purge", action="store_true", help="its state directory too")
    commands.add_parser("boot", help="put every agent's secrets back into memory")
    options = parser.parse_args()
    os.umask(0o077)
    try:
        with lock():
            if options.command == "apply":
                result = apply(options.name, wanted(sys.stdin.buffer.read()))
            elif options.command == "remove":
                result = remove(options.name, options.purge)
            else:
                result = boot()
    except Refused as refused:
        sys.exit(f"creel-agent: {refused}")
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"creel-agent: {type(error).__name__}: {getattr(error, 'filename', '') or ''} {getattr(error, 'strerror', '') or ''}".rstrip())
    print(json.dumps(result, sort_keys=True))


# The request


def agent_name(text):
    if not AGENT_NAME.fullmatch(text) or len(text) > 40:
        raise argparse.ArgumentTypeError("lower-case words joined by single dashes, at most 40 characters")
    return text


def wanted(text):
    """The request, with every secret as bytes."""
    try:
        request = json.loads(text)
    except ValueError:
        raise Refused("standard input is not JSON") from None
    if not isinstance(request, dict):
        raise Refused("standard input is not a JSON object")
    unknown = set(request) - {"uid", "memoryMiB", "tasksMax", "state", "secrets", "onChange"}
    if unknown:
        raise Refused(f"unknown field {sorted(unknown)[0][:40]!r}")
    whole(request, "uid", 20000, 99999)
    whole(request, "memoryMiB", 16, 4 * MIB)
    whole(request, "tasksMax", 16, 65536)
    state = request.get("state", [])
    if not isinstance(state, list) or not all(isinstance(name, str) and STATE_NAME.fullmatch(name) for name in state):
        raise Refused("state is not a list of names in lower case")
    if request.get("onChange", "none") not in ("none", "restart"):
        raise Refused('onChange is neither "none" nor "restart"')
    secrets = request.get("secrets", {})
    if not isinstance(secrets, dict):
        raise Refused("secrets is not an object")
    return {"state": [], "onChange": "none", **request, "secrets": {key: secret(key, secrets[key]) for key in sorted(secrets)}}


def whole(request, field, least, most):
    value = request.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"{field} is not a whole number from {least} to {most}")


def secret(key, encoded):
    if not SECRET_NAME.fullmatch(key):
        raise Refused("the name of a secret is letters, digits and _, at most 64, and no digit first")
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Refused(f"secret {key} is not base64") from None
    if len(value) > LARGEST_SECRET:
        raise Refused(f"secret {key} is larger than {LARGEST_SECRET} bytes")
    return value


# Commands


def apply(name, request):
    uid = request["uid"]
    taken = owner_of(uid)
    if taken not in (None, name):
        raise Refused(f"uid {uid} belongs to agent {taken}")
    limits = limit(name, request["memoryMiB"], request["tasksMax"])
    if request["state"]:
        # The agent sees the directories inside only, so it cannot put anything else in their place.
        own_directory(f"{STATE}/{name}", 0, 0, 0o700)
    for directory in request["state"]:
        own_directory(f"{STATE}/{name}/{directory}", uid, uid, 0o700)
    store(name, uid, request["secrets"], request["onChange"] == "restart")
    materialise(name, uid, request["secrets"])
    if os.path.exists(restart_pending(name)):
        restart(limits["name"])
        os.unlink(restart_pending(name))
    return {
        "slice": limits,
        "secrets": sorted(request["secrets"]),
        "secretsDirectory": f"{MEMORY}/{name}",
        "stateDirectories": [f"{STATE}/{name}/{directory}" for directory in request["state"]],
    }


def remove(name, purge):
    for directory in (f"{MEMORY}/{name}", f"{VAULT}/{name}", *([f"{STATE}/{name}"] if purge else [])):
        clear(directory)
    unit = at(f"{UNITS}/{slice_name(name)}")
    if os.path.exists(unit):
        subprocess.run(["systemctl", "stop", slice_name(name)], capture_output=True, check=False)
        os.unlink(unit)
        run(["systemctl", "daemon-reload"])
    audit(name, "*", "removed")
    return {"removed": name, "purged": purge}


def boot():
    """An agent whose secrets cannot be read keeps no directory, so its container does not start; the others do."""
    result = {"agents": [], "failed": []}
    os.makedirs(at(VAULT), mode=0o700, exist_ok=True)
    memory_directory()
    for name in sorted(os.listdir(at(VAULT))):
        try:
            with open(at(f"{VAULT}/{name}/agent.json"), encoding="utf-8") as file:
                uid = json.load(file)["uid"]
            keys = [entry[:-5] for entry in sorted(os.listdir(at(f"{VAULT}/{name}"))) if entry.endswith(".cred")]
            materialise(name, uid, {key: decrypted(name, key) for key in keys})
            result["agents"].append(name)
        except (Refused, OSError, ValueError, KeyError):
            result["failed"].append(name)
            audit(name, "*", "unreadable")
    for name in result["failed"]:
        clear(f"{MEMORY}/{name}")
    return result


# Limits


def slice_name(name):
    """A dash in a slice's name nests it; the agent's own become underscores."""
    return f"agents-{name.replace('-', '_')}.slice"


def limit(name, memory, tasks):
    unit = slice_name(name)
    text = (
        f"[Unit]\nDescription=Limits of agent {name}\n\n"
        f"[Slice]\nMemoryMax={memory}M\nMemorySwapMax=0\nTasksMax={tasks}\n"
    )
    if write(f"{UNITS}/{unit}", text.encode(), 0o644):
        run(["systemctl", "daemon-reload"])
    run(["systemctl", "start", unit])
    shown = run(["systemctl", "show", unit, "--property=TasksMax,MemoryMax,ControlGroup"]).decode()
    values = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    for label, wanted_value in (("TasksMax", tasks), ("MemoryMax", memory * MIB)):
        if values.get(label) != str(wanted_value):
            raise Refused(f"{unit}: systemd says {label}={values.get(label)} instead of {wanted_value}")
    for path, wanted_value in kernel_limits(values.get("ControlGroup", ""), tasks, memory * MIB):
        with open(at(path), encoding="utf-8") as file:
            found = file.read().strip()
        if found != str(wanted_value):
            raise Refused(f"{unit}: the kernel says {os.path.basename(path)}={found} instead of {wanted_value}")
    return {"name": unit, "memoryMiB": memory, "tasksMax": tasks}


def kernel_limits(group, tasks, memory):
    """(file, value) of each limit the kernel shows, under cgroup v2 and v1; none while the slice has no group yet."""
    files = [
        (f"/sys/fs/cgroup{group}/pids.max", tasks),
        (f"/sys/fs/cgroup{group}/memory.max", memory),
        (f"/sys/fs/cgroup/pids{group}/pids.max", tasks),
        (f"/sys/fs/cgroup/memory{group}/memory.limit_in_bytes", memory),
    ]
    return [(path, value) for path, value in files if group and os.path.exists(at(path))]


def restart(unit):
    """Restarts the containers in a slice. docker kill would leave them marked as stopped by hand."""
    ids = run(["docker", "ps", "--quiet"]).decode().split()
    if not ids:
        return
    parents = run(["docker", "inspect", "--format", "{{.Id}} {{.HostConfig.CgroupParent}}", *ids]).decode()
    for line in parents.splitlines():
        container, _, parent = line.partition(" ")
        if parent == unit:
            # Docker's own 10 seconds would cut off an agent that is given 30 everywhere else, a connector 35.
            run(["docker", "restart", "--time", "35", container])


# Secrets


def owner_of(uid):
    """Which agent has a uid; two agents with one uid could read each other's secrets."""
    for name in os.listdir(at(VAULT)) if os.path.isdir(at(VAULT)) else []:
        with contextlib.suppress(OSError, ValueError, KeyError):
            with open(at(f"{VAULT}/{name}/agent.json"), encoding="utf-8") as file:
                if json.load(file)["uid"] == uid:
                    return name
    return None


def restart_pending(name):
    """There from before the first new secret until the restart, so that a run that is cut off is not the last word."""
    return at(f"{VAULT}/{name}/restart-pending")


def store(name, uid, secrets, restarts):
    """Encrypts what is new, and takes away what is no longer wanted."""
    folder = f"{VAULT}/{name}"
    os.makedirs(at(folder), mode=0o700, exist_ok=True)
    write(f"{folder}/agent.json", json.dumps({"uid": uid}).encode(), 0o600)
    gone = [entry[:-5] for entry in os.listdir(at(folder)) if entry.endswith(".cred") and entry[:-5] not in secrets]
    new = [key for key, value in secrets.items() if not stored(name, key, value)]
    if restarts and (gone or new):
        write(f"{folder}/restart-pending", b"", 0o600)
    for key in new:
        sealed = run(["systemd-creds", "encrypt", "--with-key=host", f"--name={name}.{key}", "-", "-"], secrets[key])
        write(f"{folder}/{key}.cred", sealed, 0o600)
        audit(name, key, "stored", secrets[key])
    for key in gone:
        os.unlink(at(f"{folder}/{key}.cred"))
        audit(name, key, "removed")


def stored(name, key, value):
    try:
        return hmac.compare_digest(decrypted(name, key), value)
    except Refused:
        return False


def decrypted(name, key):
    path = at(f"{VAULT}/{name}/{key}.cred")
    if not os.path.exists(path):
        raise Refused(f"secret {key} is not stored")
    return run(["systemd-creds", "decrypt", f"--name={name}.{key}", path, "-"])


def materialise(name, uid, secrets):
    """Files are renamed into a directory that stays: a running container keeps the directory it was started with."""
    memory_directory()
    # The agent reads it as its group: an owner could change its mode, and with it what root writes into.
    own_directory(f"{MEMORY}/{name}", 0, uid, 0o550)
    for key, value in secrets.items():
        write(f"{MEMORY}/{name}/{key}", value, 0o400, uid)
    for entry in os.listdir(at(f"{MEMORY}/{name}")):
        if entry not in secrets:
            os.unlink(at(f"{MEMORY}/{name}/{entry}"))


def memory_directory():
    """Agents may pass through it, but not see who else is in it."""
    os.makedirs(at(MEMORY), exist_ok=True)
    os.chmod(at(MEMORY), 0o711)


def fingerprint(value):
    """Twelve digits that tell values apart; keyed with a number of this server, so that a weak value cannot be guessed from them."""
    path = at("/var/lib/creel/fingerprint.key")
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write("/var/lib/creel/fingerprint.key", os.urandom(32), 0o600)
    with open(path, "rb") as file:
        return hmac.new(file.read(), value, hashlib.sha256).hexdigest()[:12]


def audit(name, key, action, value=None):
    mark = f" fingerprint={fingerprint(value)}" if value is not None else ""
    subprocess.run(["logger", "--tag", "agent-secrets", f"agent={name} key={key}{mark} action={action}"], check=False)


# The machine


def at(path):
    return os.path.join(ROOT, path.lstrip("/"))


@contextlib.contextmanager
def lock():
    """Deployments set up several agents at once."""
    path = at("/run/creel-agent.lock")
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(argv, stdin=b""):
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(f"{' '.join(argv[:2])} ended with {done.returncode}: {words[-1] if words else 'no message'}")
    return done.stdout


def clear(directory):
    """Fails when anything is left: what is said to be gone is nobody's concern any more."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(at(directory))
    if os.path.lexists(at(directory)):
        raise Refused(f"{directory} is still there")


def own_directory(path, uid, gid, mode):
    os.makedirs(at(path), exist_ok=True)
    os.chown(at(path), uid, gid)
    os.chmod(at(path), mode)


def write(path, content, mode, uid=0):
    """Replaces a file in one move; gives whether it differed."""
    full = at(path)
    with contextlib.suppress(OSError):
        found = os.stat(full)
        with open(full, "rb") as file:
            if file.read() == content and (found.st_mode & 0o7777, found.st_uid) == (mode, uid):
                return False
    new = os.path.join(os.path.dirname(full), f".{os.path.basename(full)}.new")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        os.fchown(file.fileno(), uid, uid)
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, full)
    return True


if __name__ == "__main__":
    main()
