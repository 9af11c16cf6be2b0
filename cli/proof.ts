import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import type { Deployment } from "./deployment";

/** What the stack's `fleet` output says of a server. */
export interface DeployedServer {
  ipv4: string;
  hostKey: string;
  user: string;
}

/** What the stack's `fleet` output says of an agent. */
export interface DeployedAgent {
  server: string;
  container: string;
}

/** One thing that was looked at, and what was seen. */
export interface Check {
  title: string;
  ok: boolean;
  /** What was seen, in a few words; never a secret. */
  seen: string;
}

/** A secret to look for: where it should be, and its value. */
export interface Canary {
  agent: string;
  key: string;
  value: string;
}

/** The agent's container runs, is healthy, and its secret is readable inside. The last is also the control of {@link leakChecks}. */
export async function agentChecks(
  deployment: Deployment,
  server: DeployedServer,
  agent: DeployedAgent,
  canary: Canary,
): Promise<Check[]> {
  const health = await deployment.ssh(server, `docker inspect -f '{{.State.Health.Status}}' ${agent.container}`, {
    reject: false,
  });
  const inside = await deployment.ssh(server, `docker exec ${agent.container} agent read ${canary.key}`, {
    reject: false,
  });
  return [
    { title: "agent is healthy", ok: health.stdout === "healthy", seen: health.stdout || health.stderr },
    {
      title: `secret ${canary.key} is readable inside its container`,
      ok: inside.stdout === canary.value,
      seen: inside.stdout === canary.value ? "the value that was set" : inside.stderr || "another value",
    },
  ];
}

/** From inside the agent: the public web is open; metadata, private ranges, mail, SSH and the host are not. */
export async function flowChecks(
  deployment: Deployment,
  server: DeployedServer,
  agent: DeployedAgent,
  web: string,
): Promise<Check[]> {
  const host = web.split(":")[0];
  const flows: [string, string, boolean][] = [
    ["agent to the public web", web, true],
    ["agent to cloud metadata", "169.254.169.254:80", false],
    ["agent to a private range", "10.0.0.1:80", false],
    ["agent to public mail", `${host}:25`, false],
    ["agent to public SSH", `${host}:22`, false],
    ["agent to its host's SSH", `${server.ipv4}:22`, false],
  ];
  const inside = await Promise.all(
    flows.map(async ([title, target, open]): Promise<Check> => {
      const result = await deployment.ssh(server, `docker exec ${agent.container} agent dial ${target}`, {
        reject: false,
      });
      const answered = /^(open|refused|timeout)/.exec(result.stdout)?.[0] ?? "no answer from the container";
      return {
        title: `${title} (${target})`,
        ok: open ? answered === "open" : ["refused", "timeout"].includes(answered),
        seen: answered,
      };
    }),
  );
  const outside = await Promise.all(
    [22, 80, 443, 2375, 8080, 18789].map(async (port): Promise<Check> => {
      const open = await answers(server.ipv4, port);
      return {
        title: `operator's network to port ${port}`,
        ok: open === (port === 22),
        seen: open ? "open" : "closed",
      };
    }),
  );
  return [...inside, ...outside];
}

/**
 * Looks for a secret's value everywhere it must not be: the stack's state and history on this computer; disk, process
 * environments and arguments, `docker inspect`, logs and metadata of the server.
 *
 * Exactly one place on the server's file systems may hold it: the agent's own file in memory (which is the control that
 * the search finds anything at all). The value travels by standard input only.
 */
export async function leakChecks(
  deployment: Deployment,
  server: DeployedServer,
  agent: DeployedAgent,
  canary: Canary,
): Promise<Check[]> {
  const search = async (title: string, command: string, expected: string): Promise<Check> => {
    const found = (await deployment.ssh(server, command, { input: canary.value, reject: false })).stdout.trim();
    return { title: `secret in ${title}`, ok: found === expected, seen: found === "" ? "nowhere" : found };
  };
  const own = `/run/agent-secrets/${canary.agent}/${canary.key}`;
  const none = "";
  const local = await filesHolding([deployment.stateFolder, deployment.stackFile], canary.value);
  return [
    { title: "secret in state, history and stack file", ok: local.length === 0, seen: local.join(", ") || "nowhere" },
    await search(
      "files of the server",
      "sudo grep -rlFf - --devices=skip /etc /var /root /home /opt /tmp /usr/local /run 2>/dev/null | sort",
      own,
    ),
    await search(
      "environments and arguments of the server's processes",
      "sudo grep -lFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null",
      none,
    ),
    await search("docker inspect", `v=$(cat); docker inspect ${agent.container} | grep -cF "$v" | grep -v '^0$'`, none),
    await search(
      "container and system logs",
      `v=$(cat); (docker logs ${agent.container} 2>&1; sudo journalctl -q) | grep -cF "$v" | grep -v '^0$'`,
      none,
    ),
    await search("user-data, unpacked", `python3 -c '${userDataSearch}'`, none),
  ];
}

/** Python that looks for the text on its standard input in the server's user-data, in what is packed in it as well. */
const userDataSearch = `
import base64, gzip, sys, urllib.request, yaml
value = sys.stdin.buffer.read()
text = urllib.request.urlopen("http://169.254.169.254/hetzner/v1/userdata", timeout=5).read()
files = yaml.safe_load(text)["write_files"]
packed = [gzip.decompress(base64.b64decode(f["content"])) for f in files if f.get("encoding") == "gz+b64"]
print("" if packed and all(value not in part for part in [text] + packed) else "found, or nothing to search")
`;

/** The files below some folders that contain a text. */
export async function filesHolding(roots: string[], text: string): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    const names = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files = names ? names.filter((n) => n.isFile()).map((n) => path.join(n.parentPath, n.name)) : [root];
    for (const file of files) if ((await readFile(file)).includes(text)) found.push(file);
  }
  return found;
}

/** Whether a TCP port answers within two seconds. */
export function answers(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (open: boolean) => {
      socket.destroy();
      done(open);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}
