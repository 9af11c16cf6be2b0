import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { cage } from "./cage";
import { DockerDaemon, dockerdMissing } from "./dockerDaemon";
import { Sshd, sshdMissing } from "./sshd";
import { ProgramStack } from "./stack";

let daemon: DockerDaemon;
let sshd: Sshd;
let stack: ProgramStack;

/** The provider's arguments: over ssh, with the host key pinned and without any file of known hosts. */
function overSsh(hostKey: string, client: "client" | "other" = "client", remoteSocket = daemon.socket): string {
  const options = [
    ...["-i", path.join(sshd.folder, client), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"],
    ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=10"],
    ...["-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"],
    ...["-o", "StrictHostKeyChecking=yes", "-o", `KnownHostsCommand=/bin/echo %H ${hostKey}`],
  ];
  return `host: "ssh://root@127.0.0.1:${sshd.port}${remoteSocket}", sshOpts: ${JSON.stringify(options)}`;
}

const bare = (key: string) => key.split(" ").slice(0, 2).join(" ");

/** Processes of ours that still hold an ssh connection to the test's server. */
function sshProcesses(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command.startsWith("ssh ") && command.includes(`-p ${sshd.port}`));
}

describeUnless(dockerdMissing() ?? sshdMissing(), "docker stand-in over ssh", () => {
  beforeAll(async () => {
    daemon = new DockerDaemon();
    await daemon.start();
    daemon.makeImage("box:1");
    const folder = path.dirname(execFileSync("sh", ["-c", "command -v docker"], { encoding: "utf8" }).trim());
    sshd = await Sshd.prepare([`SetEnv PATH=${folder}:/usr/bin:/bin`]);
    await sshd.start();
    stack = await ProgramStack.open({}, ["docker"]);
  });
  afterAll(async () => {
    await stack?.close();
    await sshd?.stop();
    await daemon?.stop();
  });

  test("a container is made, read, changed; no connection outlives a run", async () => {
    const provider = overSsh(bare(sshd.publicKey("host")));
    await stack.up(cage(daemon, "{}", "{}", provider));
    const { id } = await stack.outputs();
    expect((await daemon.docker.getContainer(String(id)).inspect()).State.Health?.Status).toBe("healthy");
    await stack.expectSettled();
    expect(await stack.up(cage(daemon, "{ memory: 96, memorySwap: 96 }", "{}", provider))).toMatch(/~ 1 updated/);
    expect(sshProcesses()).toEqual([]);
  });

  test("a wrong host key, a wrong client key and no daemon are refused, each with its cause", async () => {
    const right = bare(sshd.publicKey("host"));
    const cases: [string, RegExp][] = [
      [overSsh(bare(sshd.publicKey("other"))), /stderr=[\s\S]*Host key .*(has changed|verification failed)/],
      [overSsh(right, "other"), /stderr=.*Permission denied \(publickey/],
      [overSsh(right, "client", "/nowhere/docker.sock"), /stderr=[\s\S]*(Cannot connect|failed to dial|no such file)/i],
    ];
    const other = await ProgramStack.open({}, ["docker"]);
    for (const [provider, cause] of cases) {
      await other.program(`new docker.Network("n", {}, { provider: new docker.Provider("host", { ${provider} }) });`);
      const run = await other.run("up", "--yes", "--skip-preview");
      expect(run.ok).toBe(false);
      expect(run.output).toMatch(/Error pinging Docker server, please make sure that ssh:\/\/root@127\.0\.0\.1/);
      expect(run.output).toMatch(cause);
    }
    await other.close();
  });
});
