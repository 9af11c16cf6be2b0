import { access } from "node:fs/promises";
import { execa } from "execa";

/** What a check found; a remedy only where something is wrong. */
export interface Diagnosis {
  ok: boolean;
  /** What was seen, in a few words; never a credential. */
  seen: string;
  remedy?: string;
}

/** One thing that this computer needs. */
export interface Symptom {
  id: string;
  title: string;
  look(): Promise<Diagnosis>;
}

/** What a program printed; undefined when it is not on the PATH. */
async function run(program: string, args: string[]) {
  const done = await execa(program, args, { reject: false, stdin: "ignore", timeout: 20_000 });
  return done.code === "ENOENT" ? undefined : done;
}

/** Whether a version, as "9.2", is at least another. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(".").map(Number));
  for (const [at, wanted] of b!.entries()) {
    const part = a![at] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

const leastNode = "20.19";
const node: Symptom = {
  id: "node",
  title: "Node.js",
  look: async () => {
    const { node: version } = process.versions;
    if (isAtLeast(version, leastNode)) return { ok: true, seen: version };
    return { ok: false, seen: version, remedy: `install ${leastNode} or newer: https://nodejs.org` };
  },
};

/** The first version of the CLI for which the package is made. */
const leastPulumi = "3.248";
const pulumi: Symptom = {
  id: "pulumi",
  title: "Pulumi CLI",
  look: async () => {
    const done = await run("pulumi", ["version"]);
    const remedy = `install ${leastPulumi} or newer: https://www.pulumi.com/docs/install/`;
    if (done === undefined) return { ok: false, seen: "not on the PATH", remedy };
    const version = /(\d+\.\d+\.\d+)/.exec(done.stdout)?.[1];
    if (version === undefined) return { ok: false, seen: "it does not say its version", remedy };
    return isAtLeast(version, leastPulumi) ? { ok: true, seen: version } : { ok: false, seen: version, remedy };
  },
};

/** The first version with KnownHostsCommand, by which host keys are pinned (https://www.openssh.com/txt/release-8.5). */
const leastSsh = "8.5";
const ssh: Symptom = {
  id: "ssh",
  title: "OpenSSH client",
  look: async () => {
    const done = await run("ssh", ["-V"]);
    const remedy = `install OpenSSH ${leastSsh} or newer`;
    if (done === undefined) return { ok: false, seen: "not on the PATH", remedy };
    const version = /OpenSSH\D*(\d+\.\d+)/.exec(done.stderr)?.[1];
    if (version === undefined) return { ok: false, seen: "not OpenSSH", remedy };
    return isAtLeast(version, leastSsh) ? { ok: true, seen: version } : { ok: false, seen: version, remedy };
  },
};

const sshAgent: Symptom = {
  id: "ssh-agent",
  title: "ssh-agent with a key",
  look: async () => {
    const done = await run("ssh-add", ["-l"]);
    if (done?.exitCode === 0) return { ok: true, seen: `${done.stdout.trim().split("\n").length} keys` };
    if (done?.exitCode === 1) return { ok: false, seen: "it has no key", remedy: "ssh-add ~/.ssh/id_ed25519" };
    return { ok: false, seen: "it does not run", remedy: 'eval "$(ssh-agent)" && ssh-add ~/.ssh/id_ed25519' };
  },
};

const project: Symptom = {
  id: "project",
  title: "Pulumi project in this folder",
  look: async () => {
    const found = await access("Pulumi.yaml").then(
      () => true,
      () => false,
    );
    return found
      ? { ok: true, seen: "Pulumi.yaml" }
      : { ok: false, seen: "no Pulumi.yaml", remedy: "change to the folder of your fleet" };
  },
};

const docker: Symptom = {
  id: "docker",
  title: "Docker",
  look: async () => ({ ok: true, seen: "not needed here; it runs on the servers" }),
};

/** Programs, keys and files. */
export const computerSymptoms: Symptom[] = [node, pulumi, ssh, sshAgent, docker, project];
