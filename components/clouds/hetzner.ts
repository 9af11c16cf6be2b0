import { Firewall, type FirewallArgs } from "@pulumi/hcloud/firewall";
import { Network } from "@pulumi/hcloud/network";
import { NetworkSubnet } from "@pulumi/hcloud/networkSubnet";
import { PlacementGroup } from "@pulumi/hcloud/placementGroup";
import { Server } from "@pulumi/hcloud/server";
import { ServerNetwork } from "@pulumi/hcloud/serverNetwork";
import { SshKey } from "@pulumi/hcloud/sshKey";
import * as pulumi from "@pulumi/pulumi";
import type { Fault } from "../faults";
import { CloudName, catalog } from "./catalog";
import { type Cloud, formFaults, onlyAtCreation, rangeCountFaults } from "./cloud";

const labelled = { "managed-by": "creel" };

/** Hetzner Cloud. */
export const hetzner: Cloud = {
  faults({ location, size, adminCidrs, labels }) {
    return [
      ...formFaults(
        "location",
        location,
        /^[a-z]{2,}\d*$/,
        "a location",
        "write one such as fsn1, nbg1, hel1, ash or sin",
      ),
      ...formFaults("size", size, /^[a-z]+\d+[a-z0-9-]*$/, "a server type", "write one such as cx33 or cax21"),
      ...rangeCountFaults("adminCidrs", adminCidrs, CloudName.Hcloud),
      ...labelFaults(labels),
    ];
  },

  order(name, order, parent) {
    const { location, size, image, adminCidrs, unusedKey, userData, rebuild, network, placementGroupId } = order;
    const labels = { ...labelled, ...order.labels };
    const firewall = new Firewall(name, { ...adminFirewall(adminCidrs), labels }, { parent });
    // Hetzner mails a root password for a server without a key, and refuses one key twice in a project, so an
    // administrator's key could serve one server only. Nobody has the other half of this one.
    const key = new SshKey(name, { publicKey: unusedKey, labels }, { parent });
    const server = new Server(
      name,
      {
        location,
        serverType: size,
        image,
        keepDisk: true,
        sshKeys: [key.id],
        firewallIds: [firewall.id.apply(Number)],
        userData,
        labels,
        placementGroupId: placementGroupId === undefined ? undefined : pulumi.output(placementGroupId).apply(Number),
      },
      // A server that runs can neither join a placement group nor leave one.
      { parent, ignoreChanges: [...onlyAtCreation, "placementGroupId"], replacementTrigger: rebuild },
    );
    // It leaves the network by itself, before it is deleted: a subnet goes only when nobody is in it.
    const member =
      network && new ServerNetwork(name, { serverId: server.id.apply(Number), subnetId: network.id }, { parent });
    return {
      resource: server,
      ipv4: server.ipv4Address,
      ipv6: server.ipv6Address,
      privateIpv4: member?.ip ?? pulumi.output(undefined),
    };
  },

  network(name, { location, range }, parent) {
    const network = new Network(name, { ipRange: range, labels: labelled }, { parent });
    const subnet = new NetworkSubnet(
      name,
      {
        networkId: network.id.apply(Number),
        type: "cloud",
        networkZone: catalog.hcloud.locations[location]!,
        ipRange: range,
      },
      { parent },
    );
    return { id: subnet.id };
  },

  spreadGroup(name, parent) {
    return new PlacementGroup(name, { type: "spread", labels: labelled }, { parent }).id;
  },
};

/** SSH from the admin ranges and nothing else; without outbound rules everything may leave. */
function adminFirewall(adminCidrs: string[]): FirewallArgs {
  return {
    rules: [
      { direction: "in", protocol: "tcp", port: "22", sourceIps: adminCidrs, description: "SSH for administrators" },
    ],
  };
}

/** At most 63 letters, digits, dashes, dots and underscores, the first and last a letter or digit. */
function labelFaults(labels: Record<string, string>): Fault[] {
  const word = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
  const remedy = "use at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends";
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(key !== "" && word.test(key) ? [] : [{ path: `labels.${key}`, value: key, reason: "is not a label", remedy }]),
    ...(word.test(value) ? [] : [{ path: `labels.${key}`, value, reason: "is not a value for a label", remedy }]),
  ]);
}
