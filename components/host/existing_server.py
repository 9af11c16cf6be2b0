"""Takes over a server that is there already, and gives it back. Sent to the server's Python on standard input.

  take-over "$SSH_CONNECTION"   looks whether the server can be hardened without harm, makes the login for deployments and
                                prints the mark by which the server is known from then on
  check                         fails on any other server than the one with that mark
  release                       removes what agents have left; fails while there are any

A refusal names everything that is in the way, and changes nothing.
"""

import glob
import ipaddress
import json
import os
import pwd
import shutil
import subprocess
import sys
import uuid

ROOT = "/"
OWNER = "/var/lib/creel/owner.json"
# Of a server that was made by a HardenedServer.
HANDED_OVER = "/var/lib/creel/host-key-activated"
AGENTS = "/var/lib/agents"
VAULT = "/etc/agent-secrets"
MEMORY = "/run/agent-secrets"
UNITS = "/etc/systemd/system"
# What converge calls before it has installed anything, with the Debian package that has it.
PROGRAMS = {
    "apt-get": "apt",
    "sudo": "sudo",
    "visudo": "sudo",
    "sshd": "openssh-server",
    "ss": "iproute2",
    "useradd": "passwd",
}
# They bring a Docker of their own, which Debian's docker.io would push aside.
OTHER_DOCKERS = ("docker-ce", "moby-engine", "podman-docker")


# What is in the way, one thing each.
class Refused(Exception):
    pass


# Taking over


def take_over(wanted, connection):
    faults = [*system_faults(wanted), *owner_faults(wanted), *way_faults(wanted, connection), *neighbour_faults(wanted)]
    if faults:
        raise Refused(*faults)
    make_login(wanted["user"], wanted["adminKeys"])
    mark = (owner() or {}).get("mark") or uuid.uuid4().hex
    write(OWNER, json.dumps({"owner": wanted["owner"], "mark": mark}), 0o600)
    print(mark)


def system_faults(wanted):
    if os.geteuid() != 0:
        return ["this login is not root and sudo asks it for a password"]
    faults = []
    release = read("/etc/os-release").splitlines()
    system = dict(line.replace('"', "").split("=", 1) for line in release if "=" in line)
    name = f"{system.get('ID', 'unknown')}-{system.get('VERSION_ID', '')}"
    if name not in wanted["images"]:
        faults.append(f"the system is {name}; only {', '.join(wanted['images'])} can be hardened")
    if not os.path.isdir(at("/run/systemd/system")):
        faults.append("systemd does not run here")
    missing = sorted({package for program, package in PROGRAMS.items() if not has(program)})
    if missing:
        faults.append(f"it lacks programs: apt-get install {' '.join(missing)}")
    installed = lines("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n")
    faults += [f"{name} is installed: remove it; Debian's docker.io takes its place" for name in OTHER_DOCKERS if f"installed {name}" in installed]
    return faults


def owner_faults(wanted):
    found = owner()
    if found is None:
        made = os.path.exists(at(HANDED_OVER))
        return ["a HardenedServer has made it, and keeps it as it is"] if made else []
    if found["owner"] == wanted["owner"]:
        return []
    return [f"it belongs to {found['owner']}: destroy that first, or remove {OWNER} if it is gone for good"]


def way_faults(wanted, connection):
    """Afterwards only the admin ranges get in, at one port."""
    words = connection.split()
    if len(words) != 4:
        return ["it cannot be seen from where this connection comes"]
    client, port = ipaddress.ip_address(words[0].split("%")[0]), int(words[3])
    client = getattr(client, "ipv4_mapped", None) or client
    faults = []
    if not any(client in network for network in map(ipaddress.ip_network, wanted["adminCidrs"])):
        faults.append(f"you come from {client}, which is in none of adminCidrs, and would be shut out")
    if port != wanted["sshPort"]:
        faults.append(f"its sshd listens on port {port}, not {wanted['sshPort']}: reach it without a forwarded port")
    admitted = [word for line in lines("sshd", "-T") if line.startswith("allowusers ") for word in line.split()[1:]]
    if admitted and wanted["user"] not in admitted:
        faults.append(f"its sshd admits {', '.join(admitted)} only: add {wanted['user']} to AllowUsers")
    return faults


def neighbour_faults(wanted):
    """Whatever else runs here would be cut off."""
    faults = [f"the container {name} runs here: agents want a Docker of their own" for name in containers(agents=False)]
    for port, program in sorted(listeners().items()):
        if port not in [wanted["sshPort"], *wanted["openTcpPorts"]]:
            by = f" ({program})" if program else ""
            faults.append(f"port {port}{by} is open and would be closed: stop it, or name it in hostProfile.firewall.openTcpPorts")
    return faults


def listeners():
    """TCP ports that others can reach, each with the program behind it."""
    found = {}
    for line in lines("ss", "-H", "-l", "-t", "-n", "-p"):
        address, _, port = line.split()[3].rpartition(":")
        address = address.strip("[]").split("%")[0]
        if address != "*" and ipaddress.ip_address(address).is_loopback:
            continue
        _, _, program = line.partition('users:(("')
        found[int(port)] = program.partition('"')[0]
    return found


def make_login(user, keys):
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        run("useradd", "--create-home", "--shell", "/bin/bash", user)
        account = pwd.getpwnam(user)
    folder = f"{account.pw_dir}/.ssh"
    os.makedirs(at(folder), mode=0o700, exist_ok=True)
    os.chown(at(folder), account.pw_uid, account.pw_gid)
    write(f"{folder}/authorized_keys", "".join(f"{key}\n" for key in keys), 0o600, account)
    write("/etc/sudoers.d/creel", f"{user} ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)


# Giving back


def check(wanted):
    found = owner()
    if found is None or found["mark"] != wanted["mark"]:
        raise Refused("it is another server than the one that was taken over: give another server another name")
    print("{}")


def release(wanted):
    check(wanted)
    left = containers(agents=True)
    if left:
        raise Refused(*(f"the container {name} is still here: destroy what has made it first" for name in left))
    for name in sorted({*names(VAULT), *names(MEMORY)}):
        for folder in (f"{VAULT}/{name}", f"{MEMORY}/{name}"):
            shutil.rmtree(at(folder), ignore_errors=True)
    if has("docker"):
        remove_from_docker()
    units = glob.glob(at(f"{UNITS}/agents-*.slice"))
    for unit in units:
        run("systemctl", "stop", os.path.basename(unit))
        os.unlink(unit)
    if units:
        run("systemctl", "daemon-reload")
    if wanted["removeState"]:
        for name in names(AGENTS):
            shutil.rmtree(at(f"{AGENTS}/{name}"))
    still = [folder for folder in (VAULT, MEMORY) if names(folder)]
    if still:
        raise Refused(*(f"{folder} is not empty" for folder in still))
    os.unlink(at(OWNER))


def remove_from_docker():
    """Networks of agents, and images that were pulled by digest alone, as agents' are, and are in nobody's use."""
    for network in run("docker", "network", "ls", "--quiet").split():
        bridge = run("docker", "network", "inspect", "--format", '{{index .Options "com.docker.network.bridge.name"}}', network)
        if bridge.startswith("ag-"):
            run("docker", "network", "rm", network)
    for line in lines("docker", "image", "ls", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}"):
        repository, tag, digest = line.split()
        if tag == "<none>" and digest != "<none>":
            run("docker", "image", "rm", f"{repository}@{digest}")


def containers(agents):
    """Names of the containers that are in a slice of agents, or of those that are not."""
    ids = run("docker", "ps", "--all", "--quiet").split() if has("docker") else []
    if not ids:
        return []
    shown = lines("docker", "inspect", "--format", "{{.HostConfig.CgroupParent}} {{.Name}}", *ids)
    found = [line.rpartition(" ") for line in shown]
    return [name.lstrip("/") for parent, _, name in found if parent.startswith("agents-") == agents]


# The machine


def at(path):
    return os.path.join(ROOT, path.lstrip("/"))


def names(folder):
    return sorted(os.listdir(at(folder))) if os.path.isdir(at(folder)) else []


def has(program):
    folders = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
    return any(os.access(at(f"{folder}/{program}"), os.X_OK) for folder in folders)


def run(*argv):
    """What a program prints; what it refuses is looked at where it matters."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""


def lines(*argv):
    return [line for line in run(*argv).splitlines() if line]


def read(path):
    try:
        with open(at(path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def owner():
    """Who has taken the server over, or None."""
    text = read(OWNER)
    return json.loads(text) if text else None


def write(path, text, mode, account=None):
    full = at(path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(os.open(f"{full}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        if account is not None:
            os.fchown(file.fileno(), account.pw_uid, account.pw_gid)
        file.write(text)
    os.replace(f"{full}.new", full)


def main(wanted):
    task, *words = sys.argv[1:]
    try:
        {"take-over": take_over, "check": check, "release": release}[task](wanted, *words)
    except Refused as refused:
        sys.exit("\n".join([f"creel cannot {task.replace('-', ' ')} this server", *(f"  {fault}" for fault in refused.args)]))
