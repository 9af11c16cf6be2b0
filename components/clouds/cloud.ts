import type * as pulumi from "@pulumi/pulumi";
import type { Fault } from "../faults";
import { type CloudName, catalog } from "./catalog";

/** A private network that servers can be in. */
export interface PrivateNetworkFacts {
  /** Its id at the provider: at Hetzner that of the subnet (`4711-10.20.0.0/16`), at DigitalOcean that of the VPC. */
  id: pulumi.Input<string>;
}

/** What is asked of a private network. */
export interface NetworkOrder {
  /** A location in the network zone at Hetzner, the region at DigitalOcean. */
  location: string;
  /** Private IPv4 addresses in CIDR form. */
  range: string;
}

/** What is asked of a server, as far as plain values tell. */
export interface ServerChoice {
  /** Where it stands. */
  location: string;
  /** Its size, where it is known already. */
  size: unknown;
  /** Address ranges from which SSH is open. */
  adminCidrs: string[];
  /** Labels for all that the provider has of it. */
  labels: Record<string, string>;
  /** Placement group that it is to be in. */
  placementGroupId?: pulumi.Input<string>;
}

/** What is asked of a server. */
export interface ServerOrder extends ServerChoice {
  size: pulumi.Input<string>;
  /** Operating system by Creel's name, such as debian-12. */
  image: string;
  /** Public key that the provider puts on the server, so that it needs no password. Nobody has the other half. */
  unusedKey: pulumi.Output<string>;
  /** What the server does when it starts first; a secret. */
  userData: pulumi.Output<string>;
  /** Another word makes a new server. */
  rebuild: string;
  /** Private network that it is in. Undefined: none. */
  network?: PrivateNetworkFacts;
}

/** A server that was ordered. */
export interface CloudServer {
  resource: pulumi.CustomResource;
  /** Public addresses. */
  ipv4: pulumi.Output<string>;
  ipv6: pulumi.Output<string>;
  /** Address in the private network that was asked for. */
  privateIpv4: pulumi.Output<string | undefined>;
}

/** What Creel needs of a provider of servers. */
export interface Cloud {
  /** What this provider would refuse of an order. Paths are those of HardenedServerArgs. */
  faults(choice: ServerChoice): Fault[];
  /**
   * Makes a server that nobody reaches but by SSH from the admin ranges, from its first moment on. Its name gets a suffix,
   * so that its successor is made before it is deleted; and it stays when only what is for its creation changes, which would
   * replace it with all that is on it.
   */
  order(name: string, order: ServerOrder, parent: pulumi.Resource): CloudServer;
  /** Makes a private network. */
  network(name: string, order: NetworkOrder, parent: pulumi.Resource): PrivateNetworkFacts;
  /** Makes a group whose servers stand on different machines, and gives its id. Undefined where there are no such groups. */
  spreadGroup?(name: string, parent: pulumi.Resource): pulumi.Output<string>;
}

/** Whose changes wait for the next rebuild: each would replace the server, and day two is the converge program's. */
export const onlyAtCreation = ["userData", "sshKeys", "image"];

/** The fault of a value that has another form. */
export function formFaults(path: string, value: unknown, form: RegExp, what: string, remedy: string): Fault[] {
  if (typeof value !== "string" || form.test(value)) return [];
  return [{ path, value, reason: `is not ${what}`, remedy }];
}

/** The fault of more admin ranges than one rule of the provider's firewall takes. */
export function rangeCountFaults(path: string, ranges: string[], cloud: CloudName): Fault[] {
  const most = catalog[cloud].rangesPerRule;
  if (ranges.length <= most) return [];
  const reason = `are ${ranges.length} ranges, and a firewall rule of ${catalog[cloud].title} takes ${most}`;
  return [{ path, reason, remedy: "write fewer, wider ones" }];
}
