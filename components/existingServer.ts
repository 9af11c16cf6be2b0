import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { HostProfile } from "../profiles/host";
import { checkedLater, plainFaults } from "./accessPolicyFaults";
import { textListFaults } from "./adminAccess";
import { dockerHost, remoteCommand, type ServerConnection } from "./connection";
import { type Fault, refuseFaults } from "./faults";
import { convergeTimeout, runConverge } from "./host/convergeRun";
import { type HostPosture, postureFrom } from "./host/posture";
import { callOfMain, convergeProgram, slimPython } from "./host/program";
import { wantedState } from "./host/render";
import { hardeningFaults, profileOf, serverImages, serverNameFaults } from "./host/serverFaults";
import type { HostFacts } from "./host/wantedState";
import { readPublicKey } from "./sshPublicKey";

export interface ExistingServerArgs {
  /** Its IPv4 address or name. Another one is another way to the same server; another server needs another name here. */
  host: pulumi.Input<string>;
  /** Its public host key, `ssh-ed25519 AAAA…`: the text of /etc/ssh/ssh_host_ed25519_key.pub, read there and not over the network. */
  hostKey: pulumi.Input<string>;
  /** Login by which it is taken over: root, or one that sudo asks for no password. Not used again. Default: root. */
  user?: string;
  /** TCP port of its sshd. Default: 22. */
  port?: number;
  /** Name of a host profile: baseline or production. Default: production. */
  profile?: string;
  /** A host profile of your own, instead of a named one. Default: none. */
  hostProfile?: HostProfile;
  /** Public keys that may log in as `deploy`, in OpenSSH's form; afterwards nobody else may. At least one. */
  adminKeys: string[];
  /** Address ranges from which SSH is open. At least one, and yours has to be in it. */
  adminCidrs: string[];
  /** Whether a range may be wider than /8, or /16 of IPv6, up to every address there is. Default: no. */
  allowOpenSsh?: boolean;
  /**
   * Whether destroying it also removes what agents have kept on it, in /var/lib/agents. To be deployed before the destroy.
   * Default: no, it stays for whoever comes back.
   */
  removeState?: boolean;
}

/**
 * A Debian server that somebody else has made, hardened like one of ours, and kept that way.
 *
 * Owns nothing but what is done on it over SSH: the login `deploy`, the converge program, which runs again in place whenever
 * the profile or the admin access changes, and the clearing up. What is put on it is deleted from it piece by piece; at the
 * end secrets, limits, networks and images that are left are removed, while the hardening stays.
 *
 * Refuses, before it changes anything there: a system that it does not know, a Docker with containers of others, open ports
 * that would be closed, an address of yours outside of the admin ranges, and a server that another stack has.
 */
export class ExistingServer extends pulumi.ComponentResource {
  /** Its public host key, `ssh-ed25519 AAAA…`. */
  public readonly hostKey: pulumi.Output<string>;
  /** How to reach the server over SSH, once it is taken over. */
  public readonly connection: ServerConnection;
  /** Address of its Docker daemon, for a docker provider with the connection's SSH options. */
  public readonly dockerHost: pulumi.Output<string>;
  /** What the last converge run found and did. */
  public readonly posture: pulumi.Output<HostPosture>;
  /** What has to be done before anything is put on the server, for `dependsOn`. */
  public readonly ready: pulumi.Resource[];

  constructor(name: string, args: ExistingServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `ExistingServer ${name}`;
    refuseFaults(
      [...textListFaults("adminKeys", args.adminKeys), ...textListFaults("adminCidrs", args.adminCidrs)],
      subject,
    );
    refuseFaults(existingServerFaults(name, args), subject);
    const { user = "root", port = 22, adminCidrs, removeState = false } = args;
    const profile = profileOf(args)!;
    const facts: HostFacts = {
      serverName: name,
      user: "deploy",
      adminKeys: args.adminKeys.map((key) => key.trim()),
      adminCidrs,
      sshPort: port === 22 ? undefined : port,
    };
    super("creel:index:ExistingServer", name, { host: args.host, profile: profile.name }, opts);

    const host = pulumi.output(checkedLater(subject, "host", args.host, hostFaults));
    const hostKey = pulumi.output(checkedLater(subject, "hostKey", args.hostKey, hostKeyFaults));
    const reach = (login: string): ServerConnection => ({
      host,
      user: login,
      port,
      hostKeys: hostKey.apply((key) => [key]),
    });
    this.hostKey = hostKey.apply((key) => key.trim().split(/\s+/).slice(0, 2).join(" "));
    this.connection = reach(facts.user);

    const taken = remoteCommand(
      `${name}-take-over`,
      {
        connection: reach(user),
        create: takeOverCommand,
        stdin: existingServerProgram({
          owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
          user: facts.user,
          adminKeys: facts.adminKeys,
          adminCidrs,
          sshPort: port,
          openTcpPorts: profile.firewall.openTcpPorts,
          images: serverImages,
        }),
      },
      // Done once: the login that it came by is shut out afterwards.
      { parent: this, ignoreChanges: ["interpreter", "create", "stdin", "logging"] },
    );
    const mark = taken.stdout.apply((stdout) => stdout.trim());
    const kept = remoteCommand(
      `${name}-keep`,
      {
        connection: this.connection,
        create: "sudo python3 -I - check",
        delete: "sudo python3 -I - release # Gone for good? docs/components.md tells how to forget it.",
        stdin: mark.apply((known) => existingServerProgram({ mark: known, removeState })),
      },
      { parent: this, dependsOn: [taken] },
    );
    const converge = runConverge(name, this.connection, convergeProgram(wantedState(profile, facts)), undefined, {
      parent: this,
      dependsOn: [kept],
      customTimeouts: { create: convergeTimeout, update: convergeTimeout },
    });

    this.dockerHost = dockerHost(this.connection);
    this.posture = converge.stdout.apply(postureFrom);
    this.ready = [converge];
    this.registerOutputs({ hostKey: this.hostKey, dockerHost: this.dockerHost, posture: this.posture });
  }
}

/** Everything that is wrong with a server's name and arguments, as far as plain values tell. */
export function existingServerFaults(name: string, args: ExistingServerArgs): Fault[] {
  const { host, hostKey, user = "root", port = 22 } = args;
  return [
    ...serverNameFaults(name),
    ...plainFaults("host", host, hostFaults),
    ...plainFaults("hostKey", hostKey, hostKeyFaults),
    ...(/^[a-z_][a-z0-9_-]{0,31}$/.test(user)
      ? []
      : [{ path: "user", value: user, reason: "is not a login", remedy: "write one such as root or debian" }]),
    ...(Number.isInteger(port) && port >= 1 && port <= 65535
      ? []
      : [{ path: "port", value: port, reason: "is not a TCP port", remedy: "write a whole number from 1 to 65535" }]),
    ...hardeningFaults(args),
  ];
}

function hostFaults(path: string, host: string): Fault[] {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host)) return [];
  const remedy = "write it as 198.51.100.7 or reef.example.com";
  return [{ path, value: host, reason: "is not an IPv4 address or name", remedy }];
}

function hostKeyFaults(path: string, key: string): Fault[] {
  if (readPublicKey(key)?.type === "ssh-ed25519") return [];
  const remedy = "write the text of /etc/ssh/ssh_host_ed25519_key.pub on the server: ssh-ed25519 AAAA…";
  // A private key given by mistake is never repeated.
  return [{ path, reason: "is not an ed25519 public key", remedy }];
}

/** Root may have no sudo, which in turn would hide from where the connection comes. */
const takeOverCommand =
  'if [ "$(id -u)" = 0 ]; then set -- python3; else set -- sudo -n python3; fi; exec "$@" -I - take-over "$SSH_CONNECTION"';

function existingServerProgram(wanted: object): string {
  const source = readFileSync(join(__dirname, "host", "existing_server.py"), "utf8");
  return `${slimPython(source)}\n\n\n${callOfMain(wanted)}`;
}
