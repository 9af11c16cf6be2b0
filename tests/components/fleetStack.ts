import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Deployment } from "../../cli/deployment";
import { prepareEngine } from "../../engine/engine";
import { dropConnections } from "../../sandbox/clouds/cloudflare/tunnelConnections";
import { account as accountPath, TestAccount, token } from "../clouds/cloudflare/account";
import { token as digitaloceanToken, TestAccount as TestDroplets } from "../clouds/digitalocean/account";
import { addresses, token as hcloudToken, TestProject } from "../clouds/hetzner/project";
import { AbsentServers } from "./absentServers";

/** A resource of the state, and when it was made. */
export interface Resource {
  urn: string;
  id?: string;
  created?: string;
}

/** The whole program under the real engine, against clouds that keep books only and servers that are not there. */
export class FleetStack {
  private constructor(
    readonly account: TestAccount,
    readonly project: TestProject,
    readonly droplets: TestDroplets,
    readonly servers: AbsentServers,
    readonly deployment: Deployment,
    /** An identity provider of the account. */
    readonly providerId: string,
  ) {}

  static async open(): Promise<FleetStack> {
    const account = await new TestAccount().start();
    const google = {
      name: "work",
      type: "google",
      config: { client_id: "creel", client_secret: "CANARY-google-20aa" },
    };
    const { id } = await account.make(accountPath("/access/identity_providers"), google);
    const servers = await new AbsentServers((container) => dropConnections(stack.tunnelOf(container))).start();
    const pool = addresses(60);
    const project = await new TestProject(undefined, servers.machines(), { pool: pool.slice(0, 30) }).start();
    const droplets = await new TestDroplets(servers.machines(), { pool: pool.slice(30) }).start();
    const engine = await prepareEngine({ standIns: "always" });
    const env = { ...engine.env, PATH: `${servers.bin}:${engine.env.PATH}` };
    const folder = await mkdtemp(path.join(tmpdir(), "creel-fleet-"));
    const deployment = await Deployment.open({ folder, environment: "sandbox", engine: { ...engine, env } });
    const stack = new FleetStack(account, project, droplets, servers, deployment, id);
    await deployment.configure([
      { path: ["hcloud:endpoint"], value: `${project.url}/v1` },
      { path: ["digitalocean:apiEndpoint"], value: droplets.url },
      { path: ["cloudflare:baseUrl"], value: `${account.url}/client/v4` },
    ]);
    await deployment.setSecret("hcloud:token", hcloudToken);
    await deployment.setSecret("digitalocean:token", digitaloceanToken);
    await deployment.setSecret("cloudflare:apiToken", token);
    return stack;
  }

  async close(): Promise<void> {
    await this.deployment.remove();
    await this.servers.stop();
    await this.droplets.stop();
    await this.project.stop();
    await this.account.stop();
  }

  /** Deploys a fleet, and gives the writes that Cloudflare saw, as "METHOD path". */
  async up(fleet: unknown): Promise<string[]> {
    await this.deployment.configure([{ path: ["creel:fleet"], value: fleet }]);
    this.account.entries.length = 0;
    await this.deployment.pulumi(["up", "--yes", "--skip-preview"]);
    const writes = this.account.entries.filter(({ method }) => method !== "GET");
    return writes.map(({ method, path: at }) => `${method} ${at.replace(/^.*\/(accounts|zones)\/[0-9a-f]{32}\//, "")}`);
  }

  /** The program and the clouds agree. */
  async settled(): Promise<void> {
    await this.deployment.pulumi(["refresh", "--yes", "--skip-preview", "--expect-no-changes"]);
    await this.deployment.pulumi(["preview", "--expect-no-changes"]);
  }

  /** All that the state holds. */
  async state(): Promise<Resource[]> {
    const text = (await this.deployment.pulumi(["stack", "export"])).stdout;
    return (JSON.parse(text) as { deployment: { resources?: Resource[] } }).deployment.resources ?? [];
  }

  /** Secret of a tunnel by what its connector was given. */
  tokenOf(connector: string): { t: string; s: string } {
    const { TUNNEL_TOKEN } = this.servers.secrets(connector);
    return JSON.parse(Buffer.from(TUNNEL_TOKEN!, "base64").toString());
  }

  /** The tunnel that a connector was given the token of. */
  tunnelOf(connector: string) {
    return this.account.store.state.tunnels[this.tokenOf(connector).t]!;
  }

  /** What is left in the clouds but the identity provider. */
  async left(): Promise<unknown[]> {
    await this.account.call("DELETE", accountPath(`/access/identity_providers/${this.providerId}`));
    const kinds = await Promise.all(
      [this.account, this.project, this.droplets].map(
        async (cloud) => (await cloud.call("GET", "/_sandbox/inventory")).body,
      ),
    );
    return kinds.flatMap((kind) =>
      Object.entries(kind as Record<string, { count: number }>).filter(([, { count }]) => count > 0),
    );
  }
}
