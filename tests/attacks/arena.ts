import { execa } from "execa";
import type { Deployment } from "../../cli/deployment";
import type { World } from "../../sandbox/world";
import { eventually, type FleetOutput, fleetOutput } from "../e2e/stack";
import { probeHeader, type RawAnswer, type RawRequest, sendRaw } from "./wire";

/** Who answered a request, with what, and whether an agent saw it. */
export interface Outcome {
  by: string;
  status: number;
  /** What the one who answered said it for. */
  reason: string;
  /** Names of the agents that the request reached. */
  arrived: string[];
}

/** One line of the edge's log. */
interface Decision {
  kind: string;
  ray?: string;
  by?: string;
  status?: number;
  reason: string;
  tunnel?: string;
  verdict?: string;
}

/** The fleet under attack, and the ways to look at what comes of it. */
export class Arena {
  private deployed?: Promise<FleetOutput>;

  constructor(
    readonly world: World,
    readonly deployment: Deployment,
  ) {}

  /** What was deployed. Where things are does not change while they are attacked. */
  fleet(): Promise<FleetOutput> {
    this.deployed ??= fleetOutput(this.deployment);
    return this.deployed;
  }

  /** Sends a request, and finds out from the edge's log and the agents' own records what became of it. */
  async attack(request: RawRequest): Promise<Outcome & { answer: RawAnswer }> {
    const answer = await sendRaw(this.world, request);
    const ray = answer.headers["cf-ray"]?.split("-")[0];
    const decision = ray === undefined ? undefined : await this.decision(ray);
    const arrived = await this.arrivals(answer.probe);
    return {
      // A connector's own 403 and 404 come to the edge like answers of an origin; no agent has seen such a request.
      by: decision?.by === "origin" && arrived.length === 0 ? "connector" : (decision?.by ?? "edge"),
      status: answer.status,
      reason: decision?.reason ?? answer.body.slice(0, 80),
      arrived,
      answer,
    };
  }

  /** What the edge wrote down about one request. */
  async decision(ray: string): Promise<Decision | undefined> {
    return (await this.decisions(`ray=${ray}`)).at(-1);
  }

  async decisions(query: string): Promise<Decision[]> {
    const url = `${new URL(this.world.cloudflare.baseUrl).origin}/_sandbox/decisions?${query}`;
    return (await (await fetch(url)).json()) as Decision[];
  }

  /** Agents that say they received a request, read inside their containers. */
  async arrivals(probe: string): Promise<string[]> {
    const { servers, agents } = await this.fleet();
    const seen = await Promise.all(
      Object.entries(agents).map(async ([name, agent]) => {
        const { stdout } = await this.deployment.ssh(
          servers[agent.server]!,
          `docker exec ${agent.container} agent received --json`,
        );
        const requests = JSON.parse(stdout) as { headers: Record<string, string> }[];
        return requests.some(({ headers }) => headers[probeHeader] === probe) ? [name] : [];
      }),
    );
    return seen.flat();
  }

  /** Waits until a connector of a tunnel has taken over a configuration that was written after a time. */
  async configured(tunnel: string, since: string): Promise<void> {
    await eventually(20, async () => {
      const lines = await this.decisions(`since=${since}`);
      if (!lines.some((line) => line.kind === "connector" && line.tunnel === tunnel && line.verdict === "configured"))
        throw new Error(`no connector of ${tunnel} took the configuration over`);
    });
  }

  /** A call to Cloudflare's API as somebody past Pulumi would make it. */
  async cloudflare<T>(method: string, route: string, body?: unknown): Promise<T> {
    const { baseUrl, token } = this.world.cloudflare;
    const answer = await fetch(`${baseUrl}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status === 204) return undefined as T;
    const envelope = (await answer.json()) as { success: boolean; result: T; errors: { message: string }[] };
    if (!envelope.success) throw new Error(`${method} ${route}: ${envelope.errors.map((e) => e.message).join(", ")}`);
    return envelope.result;
  }

  /** Gives this computer a further address on the sandbox's network, for a client of its own. */
  async addAddress(address: string): Promise<void> {
    await execa("ip", ["address", "replace", `${address}/32`, "dev", "creel0"]);
  }

  async removeAddress(address: string): Promise<void> {
    await execa("ip", ["address", "del", `${address}/32`, "dev", "creel0"], { reject: false });
  }
}
