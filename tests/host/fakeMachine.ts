import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** Files that a fresh server has and the programs read. */
const freshFiles = {
  "/etc/os-release": 'VERSION_ID="12"\n',
  "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
  "/etc/group": "root:x:0:\ndocker:x:109:\n",
  "/etc/shadow": "root:*:1::::::\n",
  "/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n",
  "/etc/ssh/moduli": "# comment\n1 2 6 100 2047 2 AA\n1 2 6 100 4095 2 BB\n",
  "/etc/ufw/ufw.conf": "ENABLED=no\n",
  "/proc/sys/net/ipv4/tcp_syncookies": "0\n",
  "/proc/sys/kernel/kptr_restrict": "0\n",
};

interface FakeState {
  calls: string[];
  packages: string[];
  units: Record<string, { enabled?: boolean; active?: boolean }>;
  ufw: { rules: string[]; active: boolean };
  nft: string | null;
  /** Programs that fail, and values that differ from what they should be. */
  broken: Record<string, string>;
  /** Containers, each as its slice and name; what listens, in the words of ss; what sshd -T says. */
  containers?: string[];
  listening?: string[];
  sshd?: string;
  /** Beginnings of the commands that are really run. */
  real?: string[];
}

/** A directory that stands for a server, with programs that only remember. */
export class FakeMachine {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), "creel-machine-"));
  readonly root = path.join(this.folder, "root");
  private readonly stateFile = path.join(this.folder, "state.json");

  constructor() {
    for (const [file, text] of Object.entries(freshFiles)) this.write(file, text);
    for (const folder of ["/usr/sbin", "/run", "/etc/systemd/system"])
      mkdirSync(path.join(this.root, folder), { recursive: true });
    this.state = { calls: [], packages: [], units: {}, ufw: { rules: [], active: false }, nft: null, broken: {} };
  }

  get state(): FakeState {
    return JSON.parse(readFileSync(this.stateFile, "utf8"));
  }

  set state(state: FakeState) {
    writeFileSync(this.stateFile, JSON.stringify(state));
  }

  /** Changes what the programs remember. */
  remember(change: Partial<FakeState>): void {
    this.state = { ...this.state, ...change };
  }

  /** What has been called since the last time. */
  calls(): string[] {
    const { calls } = this.state;
    this.remember({ calls: [] });
    return calls;
  }

  write(file: string, text: string): void {
    const full = path.join(this.root, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  read(file: string): string {
    return readFileSync(path.join(this.root, file), "utf8");
  }

  /** Runs a Python program as if on the server. */
  python(program: string, words: string[], input = "") {
    const file = path.join(this.folder, "program.py");
    writeFileSync(file, program);
    const fakes = path.join(__dirname, "fakePrograms.py");
    const argv = ["-B", fakes, this.folder, file, ...words];
    const { status, stdout, stderr } = spawnSync("python3", argv, { input, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
