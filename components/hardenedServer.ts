import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "@pulumi/command/local/command";
import { Firewall, type FirewallArgs } from "@pulumi/hcloud/firewall";
import { Server } from "@pulumi/hcloud/server";
import { SshKey } from "@pulumi/hcloud/sshKey";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import type { HostProfile } from "../profiles/host";
import { textListFaults } from "./adminAccess";
import { dockerHost, remoteCommand, type ServerConnection } from "./connection";
import { type Fault, refuseFaults } from "./faults";
import { hostKeyFrom } from "./host/hostKey";
import { type HostPosture, postureFrom, publicKeyFrom } from "./host/posture";
import { convergeProgram } from "./host/program";
import { wantedState } from "./host/render";
import { hardenedServerFaults, profileOf } from "./host/serverFaults";
import { userData, userDataFaults } from "./host/userData";
import type { HostFacts } from "./host/wantedState";

export interface HardenedServerArgs {
  /** Where it stands, by Hetzner's name: fsn1, nbg1, hel1, ash, hil or sin. A change makes a new server. */
  location: string;
  /** Hetzner's server type, such as cx33. A change switches the server off for a minute; its disk keeps its size. */
  size: pulumi.Input<string>;
  /** Operating system; a change waits for the next rebuild. Default: debian-12. */
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
  /** Any word; another one makes a new server and moves there what is on this one, without its state. Default: empty. */
  rebuild?: string;
  /** Labels for all that the provider has of the server. Default: only managed-by. */
  labels?: Record<string, string>;
}

/** First boot, packages and a slow mirror; the scripts on the server give up before this. */
const firstBootTimeout = "20m";

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
  /** Public host key of the server, `ssh-ed25519 AAAA…`; its other half has never left the server. */
  public readonly hostKey: pulumi.Output<string>;
  /** How to reach the server over SSH. */
  public readonly connection: ServerConnection;
  /** Address of its Docker daemon, for a docker provider with the connection's SSH options. */
  public readonly dockerHost: pulumi.Output<string>;
  /** What the last converge run found and did. */
  public readonly posture: pulumi.Output<HostPosture>;
  /** The cloud server, for `deletedWith` and `replaceWith` of whatever is put on it. */
  public readonly resource: Server;
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

    const { location, image = "debian-12", rebuild = "" } = args;
    super("creel:index:HardenedServer", name, { location, image, profile: profile.name }, opts);
    const parent = { parent: this };
    const labels = { "managed-by": "creel", ...args.labels };

    const seed = new RandomPassword(
      `${name}-host-key-seed`,
      { length: 64, special: false, keepers: { location, rebuild } },
      parent,
    );
    // The public halves are public: without this everything that pins them would be encrypted in state.
    const bootstrapKey = pulumi.unsecret(seed.result.apply((secret) => hostKeyFrom(secret).publicKey));
    const unusedKey = pulumi.unsecret(seed.result.apply((secret) => hostKeyFrom(`${secret} unused`).publicKey));

    const firewall = new Firewall(name, { ...adminFirewall(args.adminCidrs), labels }, parent);
    // Hetzner mails a root password for a server without a key, and refuses one key twice in a project, so an
    // administrator's key could serve one server only. Nobody has the other half of this one.
    const key = new SshKey(name, { publicKey: unusedKey, labels }, parent);
    const server = new Server(
      name,
      {
        location,
        serverType: args.size,
        image,
        keepDisk: true,
        sshKeys: [key.id],
        firewallIds: [firewall.id.apply(Number)],
        userData: pulumi.secret(seed.result.apply(userDataWith)),
        labels,
      },
      {
        ...parent,
        // Each of them would replace the server, with all that is on it; day two is the converge program's.
        ignoreChanges: ["userData", "sshKeys", "image"],
        replacementTrigger: rebuild,
      },
    );

    const reach = (hostKeys: pulumi.Output<string[]>): ServerConnection => ({
      host: server.ipv4Address,
      user: facts.user,
      port: 22,
      hostKeys,
    });
    const onServer = (dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({
      ...parent,
      dependsOn,
      deletedWith: server,
      replaceWith: [server],
      customTimeouts: { create: firstBootTimeout, update: firstBootTimeout },
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
    const converge = remoteCommand(
      `${name}-converge`,
      {
        connection: this.connection,
        create: convergeCommand,
        stdin: program,
        triggers: [server.id],
        showProgress: true,
      },
      onServer([activated]),
    );

    this.ipv4 = server.ipv4Address;
    this.dockerHost = dockerHost(this.connection);
    this.posture = converge.stdout.apply(postureFrom);
    this.resource = server;
    this.ready = [converge];
    this.registerOutputs({
      ipv4: this.ipv4,
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

/**
 * Keeps the program that came by standard input in memory for as long as it runs; it puts itself in its place.
 *
 * A changed range is in the provider's firewall by now and not yet in the server's own, so whoever deploys may be shut out
 * here; an error shows the command as it stands, and with it what to do (docs/operations.md).
 */
const convergeCommand =
  'sudo sh -c \'umask 077; f=$(mktemp /run/creel-converge.XXXXXX) && cat > "$f" && python3 -I "$f"; s=$?; rm -f "$f"; exit $s\'' +
  " # No connection after a change of address ranges? Deploy with the new ranges beside the old ones, from an old one.";

/** SSH from the admin ranges and nothing else; without outbound rules everything may leave. */
export function adminFirewall(adminCidrs: string[]): FirewallArgs {
  return {
    rules: [
      { direction: "in", protocol: "tcp", port: "22", sourceIps: adminCidrs, description: "SSH for administrators" },
    ],
  };
}

function hostKeysProgram(): string {
  return readFileSync(join(__dirname, "host", "host_keys.py"), "utf8");
}
