import { DnsRecord } from "@pulumi/cloudflare/dnsRecord";
import type { Provider } from "@pulumi/cloudflare/provider";
import { ZeroTrustAccessApplication } from "@pulumi/cloudflare/zeroTrustAccessApplication";
import { ZeroTrustTunnelCloudflared } from "@pulumi/cloudflare/zeroTrustTunnelCloudflared";
import { ZeroTrustTunnelCloudflaredConfig } from "@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig";
import { Container } from "@pulumi/docker/container";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { durationFaults } from "./accessPolicy";
import { type AgentHost, hostOrder, inDocker } from "./agentHost";
import { agentNameFaults, connectorName, connectorUid } from "./agentNames";
import { cagedContainer, cageOptions, secretsMount } from "./cage";
import { cloudName } from "./cloudNames";
import { type Fault, refuseFaults } from "./faults";
import { hostnameFaults } from "./hostnames";
import { imageFaults } from "./images";
import { connectorCommand, connectorHealth, operatorIngress, tunnelSecret, tunnelToken } from "./tunnelConfig";

/** The agent that a tunnel leads to: what AgentContainer gives. */
export interface TunnelledAgent {
  /** Where the agent answers on its front network. */
  serviceUrl: pulumi.Output<string>;
  /** Name of the network through which the connector reaches Cloudflare. */
  egressNetwork: pulumi.Output<string>;
  /** Name of the network on which the connector reaches the agent. */
  frontNetwork: pulumi.Output<string>;
  /** The agent's container: the public name is made after it. */
  container: pulumi.Resource;
}

/** How people reach one agent. */
export interface AgentTunnelArgs {
  /** The agent. */
  agent: TunnelledAgent;
  /** The agent's server, on which the connector runs as well. */
  host: AgentHost;
  /** Cloudflare account id: 32 hexadecimal digits. */
  accountId: pulumi.Input<string>;
  /** Id of the zone that the hostname lies in: 32 hexadecimal digits. */
  zoneId: pulumi.Input<string>;
  /** Name of that zone, such as example.com. */
  zone: string;
  /** Zero Trust team of the account: the first label of its cloudflareaccess.com address. */
  team: string;
  /** Name under which people open the agent: one label below the zone. */
  hostname: string;
  /** Reusable Access policies that say who may, in order; at least one. AccessPolicy gives them. */
  policyIds: pulumi.Input<string[]>;
  /** Image of cloudflared by digest, without a tag: `repo@sha256:` and 64 hexadecimal digits. */
  connectorImage: string;
  /** How long a login lasts here, as a Cloudflare duration ("8h"). Default: 8 hours. */
  sessionDuration?: pulumi.Input<string>;
  /**
   * A Cloudflare provider that has tunnels and their configurations only. It must not be the one of the Access
   * resources: in one process the update of a tunnel spoils the updates of Access policies that follow it.
   */
  tunnelProvider: Provider;
}

/** Memory limit of a connector in MiB; cloudflared with four connections stays well below. */
export const connectorMemory = 128;

/** File name of a connector's only secret. */
const tokenKey = "TUNNEL_TOKEN";

/**
 * The way from a public hostname to one agent: always through Cloudflare Access, checked again by the connector.
 *
 * Owns the Access application, a tunnel with its secret and routes, the connector in a cage of its own beside the agent,
 * and the DNS record. The record is made last and removed first, so that the name never leads to anything unguarded.
 * The connector's token is derived here and reaches it as the agent's secrets do.
 *
 * There is no way to ask for a hostname without an Access application.
 */
export class AgentTunnel extends pulumi.ComponentResource {
  /** Address to open in a browser. */
  public readonly url: pulumi.Output<string>;
  /** Id of the tunnel. */
  public readonly tunnelId: pulumi.Output<string>;
  /** Audience that a signature of Access must name to be let through. */
  public readonly audience: pulumi.Output<string>;

  constructor(name: string, args: AgentTunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults([...agentNameFaults("name", name), ...agentTunnelFaults(args)], `AgentTunnel ${name}`);
    const { accountId, hostname } = args;
    super("creel:index:AgentTunnel", name, { accountId, zoneId: args.zoneId, hostname }, opts);

    const application = new ZeroTrustAccessApplication(
      name,
      {
        accountId,
        name: cloudName(name),
        type: "self_hosted",
        domain: hostname,
        policies: pulumi.output(args.policyIds).apply((ids) => ids.map((id, i) => ({ id, precedence: i + 1 }))),
        sessionDuration: args.sessionDuration ?? "8h",
        httpOnlyCookieAttribute: true,
        // Strict would send people round in circles: they come back from the login page, which is another site.
        sameSiteCookieAttribute: "lax",
        enableBindingCookie: true,
        appLauncherVisible: true,
      },
      { parent: this },
    );
    const password = new RandomPassword(`${name}-tunnel-secret`, { length: 64, special: false }, { parent: this });
    const secret = pulumi.secret(password.result).apply(tunnelSecret);
    const tunnel = new ZeroTrustTunnelCloudflared(
      name,
      { accountId, name: cloudName(name), configSrc: "cloudflare", tunnelSecret: secret },
      // Its name is unique in the account, so a second one cannot be made while the first is there.
      { parent: this, provider: args.tunnelProvider, deleteBeforeReplace: true },
    );
    const route = { hostname, serviceUrl: args.agent.serviceUrl, team: args.team, audience: application.aud };
    const config = new ZeroTrustTunnelCloudflaredConfig(
      name,
      { accountId, tunnelId: tunnel.id, config: operatorIngress(route) },
      { parent: this, provider: args.tunnelProvider },
    );
    const token = pulumi.all([accountId, tunnel.id, secret]).apply((parts) => tunnelToken(...parts));
    const connector = this.connector(name, args, pulumi.secret(token), config);
    const record = new DnsRecord(
      name,
      {
        zoneId: args.zoneId,
        name: hostname,
        type: "CNAME",
        content: pulumi.interpolate`${tunnel.id}.cfargotunnel.com`,
        proxied: true,
        ttl: 1,
      },
      { parent: this, dependsOn: [application, config, connector, args.agent.container] },
    );

    this.url = pulumi.interpolate`https://${record.name}`;
    this.tunnelId = tunnel.id;
    this.audience = application.aud;
    this.registerOutputs({ url: this.url, tunnelId: this.tunnelId, audience: this.audience });
  }

  /** The connector, which starts with its routes in place and its token in memory. */
  private connector(
    agent: string,
    args: AgentTunnelArgs,
    token: pulumi.Output<string>,
    config: pulumi.Resource,
  ): Container {
    const name = connectorName(agent);
    const { host, connectorImage } = args;
    const uid = connectorUid(agent);
    const order = { uid, memoryMiB: connectorMemory, tasksMax: 256, state: [], secrets: { [tokenKey]: token } };
    const prepared = hostOrder(`${name}-host`, name, host, order, this);
    const image = new RemoteImage(`${name}-image`, { name: connectorImage, keepLocally: true }, inDocker(host, this));
    return new Container(
      name,
      cagedContainer({
        name,
        image: connectorImage,
        uid,
        memory: connectorMemory,
        cpuShares: 512,
        tmpMemory: 16,
        environment: {},
        command: connectorCommand(`${secretsMount}/${tokenKey}`),
        health: connectorHealth,
        state: {},
        startSeconds: 60,
        // Five more than cloudflared waits for open requests: a tunnel that still has connections cannot be deleted.
        graceSeconds: 35,
        networks: [{ name: args.agent.egressNetwork }, { name: args.agent.frontNetwork }],
      }),
      { ...inDocker(host, this, [prepared, image, config]), ...cageOptions },
    );
  }
}

/** Everything that is wrong with the arguments, as far as they are plain values. */
export function agentTunnelFaults(
  args: Pick<AgentTunnelArgs, "hostname" | "zone" | "team" | "connectorImage" | "sessionDuration" | "policyIds">,
): Fault[] {
  const faults = [
    ...hostnameFaults("hostname", args.hostname, [args.zone]),
    ...teamFaults("team", args.team),
    ...imageFaults("connectorImage", args.connectorImage),
    ...(typeof args.sessionDuration === "string" ? durationFaults("sessionDuration", args.sessionDuration) : []),
  ];
  if (Array.isArray(args.policyIds) && args.policyIds.length === 0) {
    faults.push({
      path: "policyIds",
      reason: "is empty",
      remedy: "write who may come in: AccessPolicy gives policy ids",
    });
  }
  return faults;
}

/** What is wrong with the name of a Zero Trust team. */
export function teamFaults(path: string, team: string): Fault[] {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(team)) return [];
  const remedy = "write the first label of the team's address: acme for acme.cloudflareaccess.com";
  return [{ path, value: team, reason: "is not a team", remedy }];
}
