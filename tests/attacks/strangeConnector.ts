import { execa } from "execa";
import { eventually } from "../e2e/stack";
import type { Arena } from "./arena";

/** What a connector needs to serve a tunnel. */
export interface TunnelCredentials {
  account: string;
  tunnel: string;
  /** Base64. */
  secret: string;
}

/** The tunnel that a hostname leads to, with its secret, as whoever may read the account's tokens sees it. */
export async function tunnelOf(arena: Arena, hostname: string): Promise<TunnelCredentials> {
  const { accountId, zoneId } = arena.world.cloudflare;
  const records = await arena.cloudflare<{ content: string }[]>("GET", `/zones/${zoneId}/dns_records?name=${hostname}`);
  const id = records[0]!.content.split(".")[0]!;
  const token = await arena.cloudflare<string>("GET", `/accounts/${accountId}/cfd_tunnel/${id}/token`);
  const { a, t, s } = JSON.parse(Buffer.from(token, "base64").toString()) as Record<"a" | "t" | "s", string>;
  return { account: a, tunnel: t, secret: s };
}

/** Runs a connector of a stranger's and says what the edge made of it; then it goes. */
export async function connectAs(arena: Arena, { account, tunnel, secret }: TunnelCredentials): Promise<string> {
  const token = Buffer.from(JSON.stringify({ a: account, t: tunnel, s: secret })).toString("base64");
  const since = new Date().toISOString();
  const docker = (...args: string[]) =>
    execa("docker", ["-H", `unix://${arena.world.docker.socket}`, ...args], { env: { TUNNEL_TOKEN: token } });
  const image = (await docker("images", "-q", "creel-sandbox/connector")).stdout.split("\n")[0]!;
  const network = ["--network", arena.world.network.name, "--dns", arena.world.registryAddress];
  const run = await docker("run", "-d", "--rm", ...network, "-e", "TUNNEL_TOKEN", image, "tunnel", "run");
  try {
    let verdict = "";
    await eventually(30, async () => {
      const lines = await arena.decisions(`since=${since}`);
      const line = lines.find(
        (entry) =>
          entry.kind === "connector" && entry.tunnel === tunnel && /registered|refused/.test(entry.verdict ?? ""),
      );
      if (!line) throw new Error(`the edge says nothing of a connector for ${tunnel}`);
      verdict = line.verdict!;
    });
    return verdict;
  } finally {
    await docker("stop", run.stdout.trim());
  }
}
