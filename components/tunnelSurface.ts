import { DnsRecord } from "@pulumi/cloudflare/dnsRecord";
import type { Provider } from "@pulumi/cloudflare/provider";
import { ZeroTrustTunnelCloudflared } from "@pulumi/cloudflare/zeroTrustTunnelCloudflared";
import { ZeroTrustTunnelCloudflaredConfig } from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig";
import { Container } from "@pulumi/docker/container";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { type AgentHost, hostOrder, inDocker } from "./agentHost";
import { cagedContainer, cageOptions, secretsMount } from "./cage";
import { cloudName } from "./cloudNames";
import { connectorCommand, connectorHealth, type Ingress, tunnelSecret, tunnelToken } from "./tunnelConfig";

/** One hostname of an agent and what serves it. */
export interface SurfaceArgs {
  /** Name of its cloud resources, but for the record. */
  name: string;
  /** Name under which it is reached. */
  hostname: string;
  accountId: pulumi.Input<string>;
  zoneId: pulumi.Input<string>;
  /** What its connector does with requests. */
  ingress: Ingress;
  /** A change makes a new secret. */
  rotation: string;
  /** The server of the agent. */
  host: AgentHost;
  connector: {
    /** Name of the container. */
    name: string;
    /** User id of its processes. */
    uid: number;
    /** Image by digest. */
    image: string;
    /** What has pulled the image. */
    pulled: pulumi.Resource;
    /** Names of the networks that it is in. */
    networks: pulumi.Input<string>[];
  };
  /** A Cloudflare provider for tunnels only. */
  tunnelProvider: Provider;
  /** What has to stand before the name is public. */
  before: pulumi.Resource[];
}

/** Memory limit of a connector in MiB; cloudflared with four connections stays well below. */
export const connectorMemory = 128;

/** Seconds that a connector gets to stop: five more than cloudflared waits for open requests. */
const graceSeconds = 35;

/** File name of a connector's only secret. */
const tokenKey = "TUNNEL_TOKEN";

/**
 * A tunnel with its secret and routes, its connector, and the DNS record, which comes last and goes first.
 *
 * The connector's token is derived here and reaches it as the agent's secrets do. A new secret changes the tunnel in
 * place and restarts the connector; nobody can connect with the old one then.
 */
export function tunnelSurface(
  args: SurfaceArgs,
  parent: pulumi.Resource,
): { tunnel: ZeroTrustTunnelCloudflared; record: DnsRecord } {
  const { name, accountId, rotation } = args;
  const onTunnels = { parent, provider: args.tunnelProvider };
  const password = new RandomPassword(
    `${name}-tunnel-secret`,
    { length: 64, special: false, keepers: rotation === "" ? undefined : { rotation } },
    { parent },
  );
  const secret = pulumi.secret(password.result).apply(tunnelSecret);
  const tunnel = new ZeroTrustTunnelCloudflared(
    name,
    { accountId, name: cloudName(name), configSrc: "cloudflare", tunnelSecret: secret },
    // Its name is unique in the account, so a second one cannot be made while the first is there.
    { ...onTunnels, deleteBeforeReplace: true },
  );
  const config = new ZeroTrustTunnelCloudflaredConfig(
    name,
    { accountId, tunnelId: tunnel.id, config: args.ingress },
    onTunnels,
  );
  const token = pulumi.all([accountId, tunnel.id, secret]).apply((parts) => tunnelToken(...parts));
  const connector = startConnector(args, pulumi.secret(token), config, parent);
  // By the hostname, of which there is one: it passes from agent to agent as a change of the one record.
  const record = new DnsRecord(
    args.hostname,
    {
      zoneId: args.zoneId,
      name: args.hostname,
      type: "CNAME",
      content: pulumi.interpolate`${tunnel.id}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    },
    { parent, dependsOn: [config, connector, ...args.before] },
  );
  return { tunnel, record };
}

/** The connector, which starts with its routes in place and its token in memory. */
function startConnector(
  { connector, host }: SurfaceArgs,
  token: pulumi.Output<string>,
  config: pulumi.Resource,
  parent: pulumi.Resource,
): Container {
  const { name, uid, image, pulled } = connector;
  const order = { uid, memoryMiB: connectorMemory, tasksMax: 256, state: [], secrets: { [tokenKey]: token } };
  // Also where its server is destroyed: a tunnel that still has connections cannot be deleted, and goes before the server.
  const prepared = hostOrder(`${name}-host`, name, host, order, parent, graceSeconds);
  return new Container(
    name,
    cagedContainer({
      name,
      image,
      uid,
      memory: connectorMemory,
      cpuShares: 512,
      tmpMemory: 16,
      environment: {},
      command: connectorCommand(`${secretsMount}/${tokenKey}`),
      health: connectorHealth,
      state: {},
      startSeconds: 60,
      graceSeconds,
      networks: connector.networks.map((network) => ({ name: network })),
    }),
    { ...inDocker(host, parent, [prepared, pulled, config]), ...cageOptions },
  );
}
