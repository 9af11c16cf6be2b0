import { connect } from "node:net";
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
  /** Address under which its people open it. */
  url: string;
  /** Address to which its webhooks go, where it takes any. */
  botUrl?: string;
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

/** The agent's container runs, is healthy, and its secret is readable inside. The last is also the control of the search for leaks. */
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
