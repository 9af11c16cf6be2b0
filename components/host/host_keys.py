"""The hand-over from the bootstrap host key, which user-data has carried and others may have read, to one that only the
server knows. Sent to the server's Python on standard input.

  stage       waits for the first boot to end, makes the new key beside the old one and prints its public half
  activate    puts the new key in the old one's place; from then on the server answers with it alone

Both can be repeated: a second run prints, or finds, the key of the first.
"""

import fcntl
import json
import os
import subprocess
import sys
import time

KEY = "/etc/ssh/ssh_host_ed25519_key"
STAGED = "/etc/ssh/creel_next_ed25519_key"
ACTIVATED = "/var/lib/creel/host-key-activated"
STATUS = "/var/lib/creel/status.json"
LOG = "/var/log/creel-converge.log"
EARLIER_LOG = "/var/log/cloud-init-output.log"
LOCK = "/run/creel-converge.lock"
CONVERGE = "/usr/local/sbin/creel-converge"
# Boot, packages and a slow mirror take a few minutes; after this long nothing more is to be hoped for.
PATIENCE = 15 * 60


def stage():
    wait_for_first_boot()
    if activated():
        return show(KEY)
    if not os.path.exists(f"{STAGED}.pub"):
        if os.path.exists(STAGED):
            os.unlink(STAGED)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", STAGED])
    show(STAGED)


def activate():
    if os.path.exists(STAGED):
        # The public half goes last: as long as it is there, the hand-over is not complete.
        os.replace(STAGED, KEY)
    if os.path.exists(f"{STAGED}.pub"):
        run(["sshd", "-t"])
        # After an interruption this reloads a second time, which does no harm.
        run(["systemctl", "reload", "ssh"])
        os.makedirs(os.path.dirname(ACTIVATED), exist_ok=True)
        with open(ACTIVATED, "w", encoding="utf-8") as file:
            file.write(public(STAGED))
        os.replace(f"{STAGED}.pub", f"{KEY}.pub")
    show(KEY)


def activated():
    """Whether the key in use is the one handed over: cloud-init puts the bootstrap key back when it runs anew."""
    try:
        with open(ACTIVATED, encoding="utf-8") as file:
            return file.read() == public(KEY)
    except FileNotFoundError:
        return False


def wait_for_first_boot():
    began, shown, retried = time.time(), None, False
    while time.time() - began < PATIENCE:
        status = read_status()
        if status and status["ok"]:
            return
        failed = status is not None and status["ok"] is False
        # Read again: it may have ended between the two looks.
        cut_off = status is not None and not converge_runs() and read_status() == status
        if failed or cut_off:
            # What went wrong before this deployment came is tried again: the mirror may be back, the power too.
            if failed and (retried or time.time() - began > 5):
                fail(f"first boot failed in step {status['step']}:\n{status['error']}")
            if retried:
                fail(f"first boot was cut off twice in step {status['step']}\n{log_tail()}")
            say(f"first boot had {'failed' if failed else 'been cut off'} in step {status['step']}; trying again")
            retried = True
            subprocess.run([CONVERGE], stdout=subprocess.DEVNULL, check=False)
            continue
        step = status["step"] if status else cloud_init()
        if step != shown:
            say(f"first boot: {step}")
            shown = step
        time.sleep(1)
    fail(f"first boot has not ended after {PATIENCE // 60} minutes; it is at: {shown}\n{log_tail()}")


def converge_runs():
    """Whether somebody holds the lock that a converge run takes."""
    try:
        with open(LOCK, encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True


def cloud_init():
    """What cloud-init is doing while converge has not started."""
    done = subprocess.run(["cloud-init", "status", "--long"], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    state = words[1] if len(words) > 1 else "unknown"
    if state in ("done", "error", "disabled") and not read_status():
        fail(f"first boot ended without starting converge; cloud-init says:\n{done.stdout.strip()}\n{log_tail(EARLIER_LOG)}")
    return f"cloud-init is {state}"


def read_status():
    try:
        with open(STATUS, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def log_tail(path=LOG, lines=15):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:]).strip()
    except OSError:
        return ""


def public(path):
    with open(f"{path}.pub", encoding="utf-8") as file:
        return " ".join(file.read().split()[:2])


def show(path):
    print(public(path))


def run(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip()}")


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    say(text)
    sys.exit(1)


os.umask(0o077)
{"stage": stage, "activate": activate}[sys.argv[1]]()
