"""Runs a program of the server's with everything it calls replaced: the others only remember what they were told.

  fakePrograms.py FOLDER PROGRAM WORD…   FOLDER holds root/, which stands for the server, and state.json
"""

import atexit
import io
import json
import os
import runpy
import shlex
import subprocess
import sys

FOLDER = sys.argv[1]
ROOT, STATE = os.path.join(FOLDER, "root"), os.path.join(FOLDER, "state.json")


def rooted(path):
    return os.path.join(ROOT, path.lstrip("/"))


def text(path):
    try:
        with open(rooted(path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def append(path, line):
    with open(rooted(path), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def systemctl(state, words):
    units = state["units"]
    if words[0] == "show":
        unit = units.get(words[1], {})
        slice_file = text(f"/etc/systemd/system/{words[1]}") if words[1].endswith(".slice") else ""
        limits = dict(line.split("=", 1) for line in slice_file.splitlines() if "=" in line)
        memory = int(limits.get("MemoryMax", "0M")[:-1]) * 1024 * 1024
        print("LoadState=loaded")
        print(f"ActiveState={'active' if unit.get('active') else 'inactive'}")
        print(f"UnitFileState={'enabled' if unit.get('enabled') else 'disabled'}")
        print(f"TasksMax={state['broken'].get('TasksMax', limits.get('TasksMax'))}\nMemoryMax={memory}\nControlGroup=")
        return 0
    for name in words[1:]:
        unit = units.setdefault(name, {})
        if words[0] in ("enable", "disable"):
            unit["enabled"] = words[0] == "enable"
        if words[0] in ("start", "stop"):
            unit["active"] = words[0] == "start"
    return 0


def ufw(state, words):
    mine = state["ufw"]
    words = [word for word in words if word != "--force"]
    if words[:2] == ["show", "added"]:
        print("Added user rules (see 'ufw status' for running firewall):", *mine["rules"], sep="\n")
    elif words[0] == "status":
        print("Status: active" if mine["active"] else "Status: inactive")
    elif words[0] in ("enable", "disable"):
        mine["active"] = words[0] == "enable"
    elif words[0] == "logging":
        append("/etc/ufw/ufw.conf", f"LOGLEVEL={words[1]}")
    elif words[0] == "allow":
        after = {word: words[words.index(word) + 1] for word in ("proto", "from", "port", "comment")}
        source = after["from"].removesuffix("/32").removesuffix("/128")
        target = f"{after['port']}/{after['proto']}" if source in ("any", "0.0.0.0/0", "::/0") else None
        target = target or f"from {source} to any port {after['port']} proto {after['proto']}"
        line = f"ufw allow {target} comment '{after['comment']}'"
        if line not in mine["rules"] and "ufw allow" not in state["broken"]:
            mine["rules"].append(line)
    elif "delete" in words[:2]:
        words.remove("delete")
        mine["rules"].remove("ufw " + shlex.join(words))
    return 0


def iptables(state, _):
    if state["ufw"]["active"]:
        print("-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N ufw-user-input\n-N ufw6-user-input")
    else:
        print("-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT")
    return 0


def nft(state, words):
    if "list" in words:
        print(state["nft"] or "No such file or directory")
        return 0 if state["nft"] else 1
    if "--check" not in words:
        state["nft"] = text(words[-1])
    return 0


def apt_get(state, words):
    if "install" in words:
        names = words[words.index("install") + 1 :]
        state["packages"] = [name for name in state["packages"] if f"{name}-" not in names]
        state["packages"] += [name for name in names if not name.endswith("-")]
        state["policy"] = os.path.exists(rooted("/usr/sbin/policy-rc.d"))
    return 0


def dpkg_query(state, _):
    for name in state["packages"]:
        print(f"installed {name}")
    return 0


def useradd(_, words):
    append("/etc/passwd", f"{words[-1]}:x:1000:1000::/home/{words[-1]}:/bin/bash")
    append("/etc/shadow", f"{words[-1]}:!:1::::::")
    return 0


def usermod(_, words):
    if "--append" in words:
        lines = [line + (words[-1] if line.startswith(f"{words[2]}:") else "") for line in text("/etc/group").splitlines()]
    elif "--lock" in words:
        lines = [line.replace(f"{words[-1]}:", f"{words[-1]}:!", 1) for line in text("/etc/shadow").splitlines()]
    with open(rooted("/etc/group" if "--append" in words else "/etc/shadow"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return 0


def detect_virt(state, _):
    print(state["broken"].get("container", "none"))
    return 0 if "container" in state["broken"] else 1


def docker(state, words):
    shown = {"info": "cgroup driver systemd", "ps": "1 2", "inspect": "\n".join(state.get("containers", []))}
    print("" if words[0] == "ps" and not state.get("containers") else shown.get(words[0], ""))
    return 0


def systemd_creds(_, words, value):
    """Bound to its name like the real one, and as unreadable to a search for the value."""
    name = next(word for word in words if word.startswith("--name=")).encode()
    if words[0] == "encrypt":
        return name + b"\n" + value[::-1]
    with open(words[-2], "rb") as file:
        bound, _, sealed = file.read().partition(b"\n")
    return sealed[::-1] if bound == name else None


def ssh_keygen(state, words):
    """Another key each time."""
    state["keys"] = state.get("keys", 0) + 1
    for ending, text in (("", "private"), (".pub", f"ssh-ed25519 AAAAKey{state['keys']} comment")):
        with open(words[words.index("-f") + 1] + ending, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
    return 0


def cloud_init(state, _):
    print(f"status: {state['broken'].get('cloud-init-status', 'running')}")
    return 0


def auditctl(*_):
    print("-F key=privilege")
    return 0


PROGRAMS = {
    "systemctl": systemctl,
    "ufw": ufw,
    "iptables": iptables,
    "ip6tables": iptables,
    "nft": nft,
    "apt-get": apt_get,
    "dpkg-query": dpkg_query,
    "useradd": useradd,
    "usermod": usermod,
    "systemd-detect-virt": detect_virt,
    "docker": docker,
    "auditctl": auditctl,
    "ss": lambda state, _: print("\n".join(state.get("listening", []))) or 0,
    "sshd": lambda state, words: print(state.get("sshd", "")) or 0,
    "ssh-keygen": ssh_keygen,
    "cloud-init": cloud_init,
}


with open(STATE, encoding="utf-8") as file:
    state = json.load(file)


@atexit.register
def save():
    with open(STATE, "w", encoding="utf-8") as file:
        json.dump(state, file)


def fake_run(argv, input=None, capture_output=False, text=False, check=False, **_):
    """subprocess.run, as far as the programs use it."""
    name, words = argv[0], argv[1:]
    state["calls"].append(shlex.join(argv))
    if name in state["broken"]:
        code, out = 1, f"{name} is broken\n".encode()
    elif name == "systemd-creds":
        out = systemd_creds(state, words, input)
        code, out = (0, out) if out is not None else (1, b"embedded name does not match")
    else:
        shown, sys.stdout = sys.stdout, io.StringIO()
        try:
            code = PROGRAMS.get(name, lambda *_: 0)(state, words)
            out = sys.stdout.getvalue().encode()
        finally:
            sys.stdout = shown
    stdout, stderr = (out, b"") if code == 0 else (b"", out)
    if text:
        return subprocess.CompletedProcess(argv, code, (stdout + stderr).decode(), "")
    return subprocess.CompletedProcess(argv, code, stdout, stderr)


def run(argv, **options):
    """What the state calls real is run as it stands."""
    real = shlex.join(argv).startswith(tuple(state.get("real", [])))
    return real_run(argv, **options) if real else fake_run(argv, **options)


real_run, subprocess.run = subprocess.run, run
if os.getuid() != 0:
    os.chown = os.fchown = lambda *_: None
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
