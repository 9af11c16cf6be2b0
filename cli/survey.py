"""Tells in one JSON document how a server is. Touches nothing, and never prints a secret or the value of a variable.

Read from standard input by `python3 -I -`; with the word "deep" also what takes longer. Each section is {"ok": what was
found} or {"error": why it could not be}.
"""

import json
import os
import re
import subprocess
import sys
import time


def run(*argv, codes=(0,), seconds=60):
    done = subprocess.run(argv, capture_output=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL)
    if done.returncode not in codes:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}: {words[-1] if words else 'no message'}")
    return done.stdout.decode(errors="replace")


def system():
    with open("/proc/uptime", encoding="utf-8") as file:
        uptime = float(file.read().split()[0])
    memory = {}
    with open("/proc/meminfo", encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            memory[key] = int(value.split()[0]) // 1024
    return {
        "now": time.time(),
        "uptime": uptime,
        "memoryMiB": memory["MemTotal"],
        "memoryFreeMiB": memory.get("MemAvailable", memory["MemFree"]),
        "rebootRequired": os.path.exists("/run/reboot-required"),
    }


def converge():
    with open("/var/lib/creel/status.json", encoding="utf-8") as file:
        return json.load(file)


def updates():
    """What apt would install, from the lists that the server has fetched itself."""
    lines = run("apt-get", "--simulate", "-o", "Debug::NoLocking=true", "upgrade").splitlines()
    packages = [line for line in lines if line.startswith("Inst ")]
    return {"all": len(packages), "security": sum("security" in line.lower() for line in packages)}


def bans():
    """Addresses that are banned now, by jail."""
    jails = run("fail2ban-client", "status").rpartition("Jail list:")[2].replace(",", " ").split()
    banned = {}
    for jail in jails:
        words = run("fail2ban-client", "status", jail).rpartition("Banned IP list:")[2].split()
        banned[jail] = words
    return banned


def containers():
    ids = run("docker", "ps", "--all", "--quiet", "--no-trunc").split()
    return [trimmed(found) for found in json.loads(run("docker", "inspect", *ids))] if ids else []


def trimmed(found):
    """What the cage is made of. Of the environment only the names."""
    config, host, state = found["Config"], found["HostConfig"], found["State"]
    slice_name = host.get("CgroupParent") or ""
    return {
        "name": found["Name"].lstrip("/"),
        "image": config["Image"],
        "user": config.get("User") or "",
        "variables": [entry.partition("=")[0] for entry in config.get("Env") or []],
        "running": state["Running"],
        "health": (state.get("Health") or {}).get("Status", "none"),
        "started": state.get("StartedAt", ""),
        "restarts": found.get("RestartCount", 0),
        "memoryMiB": memory_of(slice_name),
        "privileged": host.get("Privileged", False),
        "readOnly": host.get("ReadonlyRootfs", False),
        "capAdd": host.get("CapAdd") or [],
        "capDrop": host.get("CapDrop") or [],
        "securityOpt": host.get("SecurityOpt") or [],
        "devices": len(host.get("Devices") or []) + len(host.get("DeviceRequests") or []),
        "namespaces": {key: host.get(key) or "" for key in ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "NetworkMode")},
        "cgroupParent": slice_name,
        "memoryLimit": host.get("Memory", 0),
        "memorySwap": host.get("MemorySwap", 0),
        "mounts": [
            {"type": mount["Type"], "source": mount.get("Source", ""), "target": mount["Destination"], "writable": mount["RW"]}
            for mount in found.get("Mounts") or []
        ],
        "ports": sorted(port for port, bound in (host.get("PortBindings") or {}).items() if bound),
        "publishAll": host.get("PublishAllPorts", False),
        "networks": sorted((found.get("NetworkSettings") or {}).get("Networks") or {}),
    }


def memory_of(unit):
    if not unit.startswith("agents-"):
        return None
    used = run("systemctl", "show", unit, "--property=MemoryCurrent", "--value").strip()
    return int(used) // (1024 * 1024) if used.isdigit() and len(used) < 16 else None


def sshd():
    settings = {}
    for line in run("sshd", "-T").splitlines():
        key, _, value = line.partition(" ")
        settings.setdefault(key.lower(), []).append(value)
    return settings


def firewall():
    return run("ufw", "status", "verbose")


def guard():
    return run("nft", "list", "table", "inet", "agent_guard")


def drift():
    return json.loads(run("/usr/local/sbin/creel-converge", "--check", codes=(0, 2), seconds=120))["drift"]


def secrets():
    """Who may read the agents' secrets and since when they are what they are, by path; never what they are."""
    found = {}
    for root in ("/etc/agent-secrets", "/run/agent-secrets"):
        os.stat(root)
        for folder, _, files in os.walk(root):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                stat = os.lstat(path)
                mode = f"{stat.st_mode & 0o7777:04o}"
                found[path] = {"mode": mode, "uid": stat.st_uid, "gid": stat.st_gid, "changed": stat.st_mtime}
    return found


def audit():
    """Whether the kernel records what the profile wants recorded, by the keys of the rules."""
    if subprocess.run(["systemd-detect-virt", "--container"], capture_output=True, check=False).returncode == 0:
        return {"kernel": "shared"}
    rules = "/etc/audit/rules.d/creel.rules"
    if not os.path.exists(rules):
        return {"kernel": "own", "wanted": [], "loaded": [], "enabled": False}
    with open(rules, encoding="utf-8") as file:
        wanted = re.findall(r" -k (\S+)$", file.read(), re.MULTILINE)
    loaded = re.findall(r" (?:-k |-F key=)(\S+)", run("auditctl", "-l"))
    enabled = re.search(r"^enabled [12]$", run("auditctl", "-s"), re.MULTILINE) is not None
    return {"kernel": "own", "wanted": sorted(set(wanted)), "loaded": sorted(set(loaded)), "enabled": enabled}


def section(read):
    try:
        return {"ok": read()}
    except Exception as error:  # one that cannot be read must not hide the others
        return {"error": f"{type(error).__name__}: {error}"[:300]}


SECTIONS = [system, converge, updates, bans, containers]
DEEP = [sshd, firewall, guard, drift, secrets, audit]
wanted = SECTIONS + (DEEP if "deep" in sys.argv[1:] else [])
print(json.dumps({"survey": 1, **{read.__name__: section(read) for read in wanted}}))
