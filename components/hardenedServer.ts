import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "@pulumi/command/local/command";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { HostProfile } from "../profiles/host";
import { textListFaults } from "./adminAccess";
import { clouds } from "./clouds";
import { CloudName } from "./clouds/catalog";
import type { PrivateNetworkFacts } from "./clouds/cloud";
import { dockerHost, remoteCommand, type ServerConnection } from "./connection";
import { type Fault, refuseFaults } from "./faults";
import { convergeTimeout, runConverge } from "./host/convergeRun";
import { hostKeyFrom } from "./host/hostKey";
import { type HostPosture, postureFrom, publicKeyFrom } from "./host/posture";
import { convergeProgram } from "./host/program";
import { wantedState } from "./host/render";
import { hardenedServerFaults, profileOf } from "./host/serverFaults";
import { userData, userDataFaults } from "./host/userData";
import type { HostFacts } from "./host/wantedState";

export interface HardenedServerArgs {
  /** Whose server it is: hcloud or digitalocean. A change makes a new server. Default: hcloud, Hetzner Cloud. */
  provider?: CloudName;
  /** Where it stands, by the provider's name: fsn1 at Hetzner, fra1 at DigitalOcean. A change makes a new server. */
  location: string;
  /**
   * Its size by the provider's name: cx33 at Hetzner, s-2vcpu-4gb at DigitalOcean. A change switches the server off for a
   * minute; its disk keeps its size.
   */
  size: pulumi.Input<string>;
  /** Operating system by Hetzner's name for it; a change waits for the next rebuild. Default: debian-12. */
  image?: string;
  /** Name of a host profile: baseline or production. Default: production. */
  profile?: string;
  /** A host profile of your own, instead of a named one. Default: none. */
  hostProfile?: HostProfile;
  /** Public keys that may log in as `deploy`, in OpenSSH's form. At least one. */
  adminKeys: string[];
  /** Address ranges from which SSH is open, in the provider's firewall and in the server's own. At least one. */
  adminCidrs: string[];
  /** Whether a range may be wider than /8, or /16 of IPv6, up to every address there is. Default: no. */
  allowOpenSsh?: boolean;
  /** Private network of the same provider that it is in. At DigitalOcean a change makes a new server. Default: none. */
  network?: PrivateNetworkFacts;
  /** Id of the placement group that it is in, at Hetzner only; a change waits for the next rebuild. Default: none. */
  placementGroupId?: pulumi.Input<string>;
  /** Any word; another one makes a new server and moves there what is on this one, without its state. Default: empty. */
  rebuild?: string;
  /** Labels for all that Hetzner has of the server, beside managed-by; tags `key:value` of a droplet. Default: none. */
  labels?: Record<string, string>;
}

/** What came with an older release of this package and has done its work must not run again. */
const settled = ["interpreter", "create", "update", "stdin", "logging"];

/**
 * A Debian server that is hardened before anyone connects, and kept that way.
 *
 * Owns the cloud firewall (SSH from the admin ranges, nothing else), the server, and what is done on it over SSH: the
 * hand-over from the bootstrap host key to one that only the server knows, and the converge program, which runs again in
 * place whenever the profile or the admin access changes.
 * Refuses bad input with every fault in one error, before anything is made.
 */
export class HardenedServer extends pulumi.ComponentResource {
  /** Public IPv4 address. */
  public readonly ipv4: pulumi.Output<string>;
  /** Public IPv6 address. */
  public readonly ipv6: pulumi.Output<string>;
  /** Address in its private network; undefined without one. */
  public readonly privateIpv4: pulumi.Output<string | undefined>;
  /** Public host key of the server, `ssh-ed25519 AAAA…`; its other half has never left the server. */
  public readonly hostKey: pulumi.Output<string>;
  /** How to reach the server over SSH. */
  public readonly connection: ServerConnection;
  /** Address of its Docker daemon, for a docker provider with the connection's SSH options. */
  public readonly dockerHost: pulumi.Output<string>;
  /** What the last converge run found and did. */
  public readonly posture: pulumi.Output<HostPosture>;
  /** The cloud server, for `deletedWith` and `replaceWith` of whatever is put on it. */
  public readonly resource: pulumi.CustomResource;
  /** What has to be done before anything is put on the server, for `dependsOn`. */
  public readonly ready: pulumi.Resource[];

  constructor(name: string, args: HardenedServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `HardenedServer ${name}`;
    // One after the other: each looks closer at what the one before it has found to be there.
    refuseFaults(
      [...textListFaults("adminKeys", args.adminKeys), ...textListFaults("adminCidrs", args.adminCidrs)],
      subject,
    );
    refuseFaults(hardenedServerFaults(name, args), subject);
    refuseFaults(firstBootFaults(name, args), subject);
    const { profile, facts, program, userDataWith } = firstBoot(name, args);

    const { location, size, image = "debian-12", rebuild = "", adminCidrs, labels = {} } = args;
    const { provider = CloudName.Hcloud, network, placementGroupId } = args;
    // Left out where it is the default, as it was when that was the only one.
    const elsewhere = provider === CloudName.Hcloud ? undefined : provider;
    super("creel:index:HardenedServer", name, { provider: elsewhere, location, image, profile: profile.name }, opts);
    const parent = { parent: this };

    const seed = new RandomPassword(
      `${name}-host-key-seed`,
      { length: 64, special: false, keepers: { location, rebuild } },
      parent,
    );
    // The public halves are public: without this everything that pins them would be encrypted in state.
    const bootstrapKey = pulumi.unsecret(seed.result.apply((secret) => hostKeyFrom(secret).publicKey));
    const unusedKey = pulumi.unsecret(seed.result.apply((secret) => hostKeyFrom(`${secret} unused`).publicKey));

    const ordered = clouds[provider].order(
      name,
      {
        location,
        size,
        image,
        adminCidrs,
        labels,
        unusedKey,
        userData: pulumi.secret(seed.result.apply(userDataWith)),
        rebuild,
        network,
        placementGroupId,
      },
      this,
    );
    const server = ordered.resource;

    const reach = (hostKeys: pulumi.Output<string[]>): ServerConnection => ({
      host: ordered.ipv4,
      user: facts.user,
      port: 22,
      hostKeys,
    });
    const onServer = (dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({
      ...parent,
      dependsOn,
      deletedWith: server,
      replaceWith: [server],
      customTimeouts: { create: convergeTimeout, update: convergeTimeout },
    });
    const handOver = (step: string, hostKeys: pulumi.Output<string[]>, after: pulumi.Resource): Command =>
      remoteCommand(
        `${name}-host-key-${step}`,
        {
          connection: reach(hostKeys),
          create: `sudo python3 -I - ${step}`,
          stdin: hostKeysProgram(),
          triggers: [server.id],
          // A server that has just been ordered takes its time to answer.
          attempts: 90,
          firstContact: true,
          showProgress: true,
        },
        { ...onServer([after]), ignoreChanges: settled },
      );

    const staged = handOver(
      "stage",
      bootstrapKey.apply((bootstrap) => [bootstrap]),
      server,
    );
    this.hostKey = staged.stdout.apply(publicKeyFrom);
    const activated = handOver("activate", pulumi.all([bootstrapKey, this.hostKey]), staged);

    this.connection = reach(this.hostKey.apply((hostKey) => [hostKey]));
    const converge = runConverge(name, this.connection, program, [server.id], onServer([activated]));

    this.ipv4 = ordered.ipv4;
    this.ipv6 = ordered.ipv6;
    this.privateIpv4 = ordered.privateIpv4;
    this.dockerHost = dockerHost(this.connection);
    this.posture = converge.stdout.apply(postureFrom);
    this.resource = server;
    this.ready = [converge];
    this.registerOutputs({
      ipv4: this.ipv4,
      ipv6: this.ipv6,
      privateIpv4: this.privateIpv4,
      hostKey: this.hostKey,
      dockerHost: this.dockerHost,
      posture: this.posture,
    });
  }
}

/** What a server with faultless arguments shall be, and the user-data by which it starts. */
function firstBoot(name: string, args: HardenedServerArgs) {
  const profile = profileOf(args)!;
  const facts: HostFacts = {
    serverName: name,
    user: "deploy",
    adminKeys: args.adminKeys.map((key) => key.trim()),
    adminCidrs: args.adminCidrs,
  };
  const program = convergeProgram(wantedState(profile, facts));
  const userDataWith = (secret: string) => userData({ profile, facts, program, bootstrapKey: hostKeyFrom(secret) });
  return { profile, facts, program, userDataWith };
}

/** What is wrong with arguments that are right one by one: they do not fit into user-data together. */
export function firstBootFaults(name: string, args: HardenedServerArgs): Fault[] {
  return userDataFaults(firstBoot(name, args).userDataWith("a key of the same length"));
}

function hostKeysProgram(): string {
  return readFileSync(join(__dirname, "host", "host_keys.py"), "utf8");
}
