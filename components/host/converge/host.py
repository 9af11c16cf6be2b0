"""The machine as the steps see it: files, programs, and what kind of machine it is."""

import fcntl
import grp
import os
import pwd
import subprocess
import time


# A step could not be done; the text is for the operator.
class Failure(Exception):
    pass


class Host:
    """Reads and changes one machine, or a directory that stands for one."""

    def __init__(self, root="/"):
        self.root = root
        self.units_changed = False
        self.first_boot = False
        self.written = []
        self.fresh = set()
        self._facts = {}

    # What kind of machine

    def container(self):
        """The container technology this system runs in, or an empty string on a machine with a kernel of its own."""
        if "container" not in self._facts:
            code, out = self.probe(["systemd-detect-virt", "--container"])
            self._facts["container"] = out.strip() if code == 0 and out.strip() != "none" else ""
        return self._facts["container"]

    def release(self):
        """VERSION_ID of the distribution, such as 12."""
        if "release" not in self._facts:
            lines = (self.read("/etc/os-release") or "").splitlines()
            values = dict(line.split("=", 1) for line in lines if "=" in line)
            self._facts["release"] = values.get("VERSION_ID", "").strip('"')
        return self._facts["release"]

    # Files

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path):
        """The text of a file, or None when there is none."""
        try:
            with open(self.path(path), encoding="utf-8") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def attributes(self, path):
        """(mode, "user:group") of a path, or None."""
        try:
            found = os.stat(self.path(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            owner = f"{pwd.getpwuid(found.st_uid).pw_name}:{grp.getgrgid(found.st_gid).gr_name}"
        except KeyError:
            owner = f"{found.st_uid}:{found.st_gid}"
        return f"{found.st_mode & 0o7777:04o}", owner

    def write(self, path, text, mode="0644", owner="root:root"):
        """Replaces a file in one move: a reader sees the old text or the new one, also after a power cut."""
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        self.written.append((path, self.read(path), self.attributes(path)))
        new = f"{full}.creel-new"
        with open(new, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), int(mode, 8))
            self._own(new, owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, full)
        if path.startswith("/etc/systemd/system/"):
            self.units_changed = True

    def make_directory(self, path, mode, owner):
        os.makedirs(self.path(path), exist_ok=True)
        os.chmod(self.path(path), int(mode, 8))
        self._own(self.path(path), owner)

    def undo_writes(self):
        """Puts back what the current step has overwritten."""
        written, self.written = self.written, []
        for path, text, attributes in reversed(written):
            if text is None:
                os.unlink(self.path(path))
            else:
                self.write(path, text, *attributes)
        self.written = []

    def _own(self, full, owner):
        if self.root != "/":
            return
        user, group = owner.split(":")
        os.chown(full, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)

    # Programs

    def probe(self, argv):
        """Runs a program that only looks: (exit code, output). 127 when there is no such program."""
        try:
            done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, env=plain_env())
        except FileNotFoundError:
            return 127, ""
        except subprocess.TimeoutExpired:
            return 124, ""
        return done.returncode, done.stdout + done.stderr

    def run(self, argv, env=None, timeout=900, name=None):
        """Runs a program that changes something; its output goes to the log, and into the Failure when it fails."""
        name = name or " ".join(argv)
        self.log("$ " + " ".join(argv))
        try:
            done = subprocess.run(
                argv,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=timeout,
                env={**plain_env(), **(env or {})},
            )
        except FileNotFoundError:
            raise Failure(f"{argv[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} did not end within {timeout} s") from None
        self.log(done.stdout)
        if done.returncode != 0:
            raise Failure(f"{name} ended with {done.returncode}\n{tail(done.stdout)}")
        return done.stdout

    def load_units(self):
        """Lets systemd read unit files that have changed."""
        if self.units_changed:
            self.run(["systemctl", "daemon-reload"])
            self.units_changed = False

    def log(self, text):
        path = self.path("/var/log/creel-converge.log")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            for line in text.splitlines():
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")

    def lock(self, seconds=900):
        """One run at a time; waits for the other to end. Whoever may read the file could hold the lock."""
        path = self.path("/run/creel-converge.lock")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._lock = open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8")
        for _ in range(seconds):
            try:
                return fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(1)
        raise Failure(f"another converge run has been going on for {seconds} s")


def plain_env():
    """Programs speak English, and are found the same way over SSH, from cloud-init and by hand."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": "/root"}


def tail(text, lines=12):
    return "\n".join(text.strip().splitlines()[-lines:])
