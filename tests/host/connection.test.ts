import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { dockerHost, remoteCommand, type ServerConnection, sshOptions } from "../../components/connection";
import { find, isSecretWrapper, register, resolved } from "../components/mocks";
import { describeUnless } from "../requirements";
import { ed25519Key } from "./keys";
import { programMissing } from "./programs";

const key = ed25519Key.split(" ").slice(0, 2).join(" ");
const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOther";
const commandType = "command:local:Command";

function connection(): ServerConnection {
  return { host: pulumi.output("198.51.100.10"), user: "deploy", port: 22, hostKeys: pulumi.output([key]) };
}

/** The options as ssh itself understands them. */
function understood(options: string[]): string[] {
  return execFileSync("ssh", ["-G", "-F", "none", ...options, "server.example"], { encoding: "utf8" }).split("\n");
}

describeUnless(programMissing("ssh", "-V"), "sshOptions", () => {
  it("is a list that ssh understands, with no known_hosts file and no question asked", () => {
    const lines = understood(sshOptions([ed25519Key]));
    for (const line of [
      "batchmode yes",
      "stricthostkeychecking true",
      "userknownhostsfile /dev/null",
      "globalknownhostsfile /dev/null",
      "hostkeyalgorithms ssh-ed25519",
      "updatehostkeys false",
      "forwardagent no",
      "connecttimeout 8",
    ]) {
      expect(lines).toContain(line);
    }
  });

  it("pins every key it is given and nothing of their comments", () => {
    const pinned = sshOptions([ed25519Key, other]).find((option) => option.startsWith("KnownHostsCommand"));
    expect(pinned).toBe(`KnownHostsCommand=/usr/bin/printf "%H ${key}\\n%H ${other}\\n"`);
  });

  it("leaves the choice of keys to ssh-agent and ~/.ssh", () => {
    expect(sshOptions([key]).filter((option) => /identit/i.test(option))).toEqual([]);
  });
});

describe("remoteCommand", () => {
  it("runs the system's ssh, which hands one text to the remote shell", async () => {
    const registered = await register(() => {
      const args = { connection: connection(), create: "uptime", triggers: ["1"], attempts: 5, showProgress: true };
      remoteCommand("look", { ...args, stdin: "words" });
    });
    expect(find(registered, commandType, "look").inputs).toEqual({
      interpreter: [
        "ssh",
        "-T",
        ...sshOptions([key]),
        "-o",
        "ConnectionAttempts=5",
        "-p",
        "22",
        "deploy@198.51.100.10",
      ],
      create: "uptime",
      stdin: "words",
      triggers: ["1"],
      logging: "stderr",
      addPreviousOutputInEnv: false,
    });
  });

  it("asks a server that hangs up while it boots again, before its standard input is spent", async () => {
    const registered = await register(() => {
      remoteCommand("first", { connection: connection(), create: "sudo cat -", firstContact: true });
    });
    const interpreter = find(registered, commandType, "first").inputs.interpreter as string[];
    const folder = mkdtempSync(path.join(tmpdir(), "creel-ssh-"));
    const asked = path.join(folder, "asked");
    // Hangs up on the first connection; then it shows its last argument and what it is told.
    const ssh = `#!/bin/sh\nif [ ! -e ${asked} ]; then touch ${asked}; exit 255; fi\nfor a; do :; done; echo "$a"; cat\n`;
    writeFileSync(path.join(folder, "ssh"), ssh, { mode: 0o755 });
    const [program, ...words] = interpreter;
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const said = execFileSync(program!, [...words, "sudo cat -"], { env, input: "words", encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(said).toBe("sudo cat -\nwords");
  });

  it("takes a server that cannot be reached for one that is gone, for a farewell and for nothing else", async () => {
    const registered = await register(() => {
      remoteCommand("leave", { connection: connection(), create: "sudo start", deleteIfReached: "sudo stop" });
    });
    const { interpreter, delete: farewell } = find(registered, commandType, "leave").inputs;
    const [program, ...words] = interpreter as string[];
    const folder = mkdtempSync(path.join(tmpdir(), "creel-ssh-"));
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const run = (command: string, code: number) => {
      // Runs the command as a server's shell would, and ends as it is told.
      writeFileSync(path.join(folder, "ssh"), `#!/bin/sh\nfor a; do :; done\nsh -c "$a"\nexit ${code}\n`, {
        mode: 0o755,
      });
      writeFileSync(path.join(folder, "sudo"), '#!/bin/sh\necho "$1"\n', { mode: 0o755 });
      const { stdout, status } = spawnSync(program!, [...words, command], { env, encoding: "utf8" });
      return [stdout, status];
    };
    expect(run(farewell as string, 0)).toEqual(["stop\n", 0]);
    expect(run(farewell as string, 255)).toEqual(["stop\n", 0]);
    expect(run(farewell as string, 1)).toEqual(["stop\n", 1]);
    expect(run("sudo start", 255)).toEqual(["start\n", 255]);
    rmSync(folder, { recursive: true });
  });

  it("keeps a secret in its wrapper, and logs nothing beside one", async () => {
    const registered = await register(() => {
      remoteCommand("tell", { connection: connection(), create: "cat", secretStdin: "CANARY", showProgress: true });
    });
    const { stdin, logging } = find(registered, commandType, "tell").inputs;
    expect(isSecretWrapper(stdin)).toBe(true);
    expect(logging).toBe("none");
  });

  it("gives Docker the same way", async () => {
    expect(await resolved(dockerHost(connection()))).toBe("ssh://deploy@198.51.100.10:22");
  });
});
