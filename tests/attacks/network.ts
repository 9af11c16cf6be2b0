import { connect } from "node:net";
import type { World } from "../../sandbox/world";
import type { Arena } from "./arena";
import { type RawAnswer, type RawRequest, sendRaw } from "./wire";

/** An address that belongs to nobody: no operator's range has it, and the edge has never seen it. */
export const stranger = "198.51.100.200";

/** Sends the same request many times over, as fast as a few connections at a time allow. */
export async function burst(world: World, request: RawRequest, times: number): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = [];
  let left = times;
  const worker = async () => {
    while (left-- > 0) answers.push(await sendRaw(world, request));
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return answers;
}

/**
 * TCP ports of every server that answer a connection from an address.
 *
 * @param ports Default: all 65,535.
 */
export async function openPorts(
  arena: Arena,
  from: string,
  ports = Array.from({ length: 65_535 }, (_, i) => i + 1),
): Promise<string[]> {
  const { servers } = await arena.fleet();
  const targets = Object.values(servers).flatMap(({ ipv4 }) => ports.map((port) => ({ host: ipv4, port })));
  const open: string[] = [];
  const worker = async () => {
    for (let target = targets.pop(); target; target = targets.pop()) {
      if (await answers(target, from)) open.push(`${target.host}:${target.port}`);
    }
  };
  await Promise.all(Array.from({ length: 1500 }, worker));
  return open;
}

function answers({ host, port }: { host: string; port: number }, from: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, localAddress: from });
    const end = (open: boolean) => {
      socket.destroy();
      done(open);
    };
    // On the same computer a port that is open answers at once.
    socket.setTimeout(1000, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** What agents get when they ask each of their connectors for its metrics, over every network they share. */
export async function metricsOfConnectors(arena: Arena): Promise<string[]> {
  const { servers, agents } = await arena.fleet();
  const found: string[] = [];
  for (const { server, container } of Object.values(agents)) {
    const run = async (command: string) =>
      (await arena.deployment.ssh(servers[server]!, command, { reject: false })).stdout.trim();
    const list = await run(
      `docker network inspect ${container}-front -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{"\\n"}}{{end}}'`,
    );
    const connectors = list
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([name]) => name !== container);
    for (const [, address] of connectors) {
      found.push(await run(`docker exec ${container} agent dial ${address!.split("/")[0]}:20241`));
    }
  }
  return found;
}
