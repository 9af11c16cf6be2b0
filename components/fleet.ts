import type { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import { Provider as DockerProvider } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";
import { AccessPolicy } from "./accessPolicy";
import { AgentContainer } from "./agentContainer";
import type { AgentHost } from "./agentHost";
import { AgentTunnel } from "./agentTunnel";
import { sshOptions } from "./connection";
import { refuseFaults } from "./faults";
import type { FleetSecrets } from "./fleetChecks";
import { type FleetPlan, planFleet } from "./fleetPlan";
import type { FleetSpec } from "./fleetSpec";
import { HardenedServer } from "./hardenedServer";

/** A fleet as a whole. */
export interface FleetArgs {
  /** Servers, tenants, zones and agents: the document that a stack file has under `creel:fleet`. */
  spec: FleetSpec;
  /** Secrets by agent and name; each is read at /run/secrets/NAME by that agent alone. Default: none. */
  secrets?: FleetSecrets;
  /**
   * A Cloudflare provider for tunnels and their configurations only, beside the one that everything else uses: in one
   * process the update of a tunnel spoils the updates of Access policies that follow it.
   */
  tunnelProvider: CloudflareProvider;
}

/** What there is of a server. */
export interface ServerInventory {
  /** Public address. */
  ipv4: string;
  /** SSH host key, as `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** Login name. */
  user: string;
  /** What was found and done when it was last hardened. */
  posture: unknown;
}

/** What there is of an agent. */
export interface AgentInventory {
  /** Name of its server. */
  server: string;
  /** Name of its container there. */
  container: string;
  /** Image by digest. */
  image: string;
  /** Address under which its people open it. */
  url: string;
  /** User id of its processes. */
  uid: number;
}

/** What a fleet consists of, without any secret. */
export interface FleetInventory {
  /** Servers by name. */
  servers: Record<string, ServerInventory>;
  /** Agents by name. */
  agents: Record<string, AgentInventory>;
}

/**
 * Servers, agents and the ways to them, from one document.
 *
 * Owns a HardenedServer and a Docker provider for each server, an AccessPolicy for each tenant, an AgentContainer and an
 * AgentTunnel for each agent. An agent that names no server is put on the one with most memory left.
 *
 * Refuses a document with any fault, with all of them in one error, before anything is made.
 */
export class Fleet extends pulumi.ComponentResource {
  /** What was deployed, without any secret. */
  public readonly inventory: pulumi.Output<FleetInventory>;

  constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
    const { faults, plan } = planFleet(args.spec, args.secrets ?? {});
    refuseFaults(faults, "creel:fleet");
    const { servers, tenants, agents, operatorKeys, accountId, connectorImage } = plan as FleetPlan;
    super("creel:index:Fleet", name, { servers: Object.keys(servers), agents: Object.keys(agents) }, opts);
    const parent = { parent: this };

    const hosts = new Map<string, { server: HardenedServer; host: AgentHost }>();
    for (const [serverName, spec] of Object.entries(servers)) {
      const server = new HardenedServer(
        serverName,
        {
          location: spec.location,
          size: spec.size,
          image: spec.image,
          profile: spec.profile,
          adminKeys: operatorKeys,
          adminCidrs: spec.ssh.cidrs,
          allowOpenSsh: spec.ssh.allowOpen,
          rebuild: spec.rebuild,
        },
        parent,
      );
      const { connection, dockerHost } = server;
      const docker = new DockerProvider(
        serverName,
        { host: dockerHost, sshOpts: connection.hostKeys.apply(sshOptions) },
        parent,
      );
      hosts.set(serverName, { server, host: { connection, resource: server.resource, ready: server.ready, docker } });
    }

    const policies = new Map<string, AccessPolicy>();
    for (const [tenant, { emails, emailDomains, groups, require, session }] of Object.entries(tenants)) {
      if (accountId === undefined) continue;
      const who = { accountId, emails, emailDomains, groups, requireMfa: require.mfa, sessionDuration: session };
      policies.set(tenant, new AccessPolicy(tenant, who, parent));
    }

    const deployed: Record<string, pulumi.Input<AgentInventory>> = {};
    for (const [agentName, spec] of Object.entries(agents)) {
      const { image, runtime, memory, cpus, tasksMax, port, health, command, environment, zone } = spec;
      const { host } = hosts.get(spec.server)!;
      const secrets = Object.hasOwn(args.secrets ?? {}, agentName) ? args.secrets?.[agentName] : undefined;
      const agent = new AgentContainer(
        agentName,
        { host, image, runtime, memory, cpus, tasksMax, port, health, command, environment, secrets },
        parent,
      );
      const tunnel = new AgentTunnel(
        agentName,
        {
          agent,
          host,
          accountId: zone.accountId,
          zoneId: zone.zoneId,
          zone: zone.name,
          team: zone.team,
          hostname: spec.operator,
          policyIds: policies.get(spec.tenant)!.policyIds,
          connectorImage: connectorImage!,
          sessionDuration: tenants[spec.tenant]!.session,
          tunnelProvider: args.tunnelProvider,
        },
        parent,
      );
      const { containerName, uid } = agent;
      deployed[agentName] = pulumi.output({
        server: spec.server,
        container: containerName,
        image,
        url: tunnel.url,
        uid,
      });
    }

    const found = [...hosts].map(([serverName, { server }]) => {
      const { ipv4, hostKey, connection, posture } = server;
      return [serverName, pulumi.output({ ipv4, hostKey, user: connection.user, posture })] as const;
    });
    this.inventory = pulumi.output({ servers: Object.fromEntries(found), agents: deployed });
    this.registerOutputs({ inventory: this.inventory });
  }
}
