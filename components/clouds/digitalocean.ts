import { Droplet } from "@pulumi/digitalocean/droplet";
import { Firewall, type FirewallArgs } from "@pulumi/digitalocean/firewall";
import { SshKey } from "@pulumi/digitalocean/sshKey";
import { Tag } from "@pulumi/digitalocean/tag";
import { Vpc } from "@pulumi/digitalocean/vpc";
import * as pulumi from "@pulumi/pulumi";
import { cloudName } from "../cloudNames";
import type { Fault } from "../faults";
import { CloudName } from "./catalog";
import { type Cloud, formFaults, onlyAtCreation, rangeCountFaults } from "./cloud";

const everywhere = ["0.0.0.0/0", "::/0"];

/** DigitalOcean. */
export const digitalOcean: Cloud = {
  faults({ location, size, adminCidrs, labels, placementGroupId }) {
    return [
      ...formFaults("location", location, /^[a-z]{3}\d+$/, "a region", "write one such as fra1, ams3, lon1 or nyc3"),
      ...formFaults(
        "size",
        size,
        /^[a-z][a-z0-9_.]*(-[a-z0-9_.]+)+$/,
        "a size",
        "write one such as s-2vcpu-4gb or c-4",
      ),
      ...(placementGroupId === undefined
        ? []
        : [
            {
              path: "placementGroupId",
              reason: "is not for DigitalOcean, which has no such groups",
              remedy: "remove it",
            },
          ]),
      ...rangeCountFaults("adminCidrs", adminCidrs, CloudName.DigitalOcean),
      ...tagFaults(labels),
    ];
  },

  order(name, order, parent) {
    const { location, size, image, adminCidrs, labels, unusedKey, userData, rebuild, network } = order;
    // The firewall holds whatever has the tag: a droplet that is made with it is behind the firewall from its first
    // moment, while one that is named to a firewall has to be there first.
    const tag = new Tag(name, { name: tagName(cloudName(name)) }, { parent });
    const firewall = new Firewall(name, { ...adminFirewall(adminCidrs), tags: [tag.name] }, { parent });
    // DigitalOcean mails a root password for a droplet without a key, and refuses one key twice in an account.
    const key = new SshKey(name, { publicKey: unusedKey }, { parent });
    const droplet = new Droplet(
      name,
      {
        region: location,
        size,
        image: `${image}-x64`,
        resizeDisk: false,
        sshKeys: [key.id],
        tags: [tag.name, ...tagsOf(labels)],
        userData,
        vpcUuid: network?.id,
        ipv6: true,
        // A way to root by DigitalOcean's console.
        dropletAgent: false,
        monitoring: false,
      },
      { parent, dependsOn: [firewall], ignoreChanges: onlyAtCreation, replacementTrigger: rebuild },
    );
    return {
      resource: droplet,
      ipv4: droplet.ipv4Address,
      ipv6: droplet.ipv6Address,
      // Every droplet is in some VPC; the region's own is nobody's choice.
      privateIpv4: network === undefined ? pulumi.output(undefined) : droplet.ipv4AddressPrivate,
    };
  },

  network(name, { location, range }, parent) {
    return { id: new Vpc(name, { region: location, ipRange: range }, { parent }).id };
  },
};

/** SSH from the admin ranges and nothing else; whatever has no outbound rule may not leave. */
function adminFirewall(adminCidrs: string[]): FirewallArgs {
  return {
    inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: adminCidrs }],
    outboundRules: [
      { protocol: "tcp", portRange: "all", destinationAddresses: everywhere },
      { protocol: "udp", portRange: "all", destinationAddresses: everywhere },
      { protocol: "icmp", destinationAddresses: everywhere },
    ],
  };
}

/** Labels as DigitalOcean has them: tags `key:value`. */
function tagsOf(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([key, value]) => (value === "" ? key : `${key}:${value}`));
}

/** A tag takes no dots, which the names of projects and stacks may have. */
function tagName(name: string): string {
  return name.replaceAll(".", "-");
}

function tagFaults(labels: Record<string, string>): Fault[] {
  const remedy = "use letters, digits, dashes, underscores and colons, at most 255 with key and value";
  return Object.keys(labels).flatMap((key): Fault[] => {
    const [tag = ""] = tagsOf({ [key]: labels[key]! });
    if (key !== "" && /^[A-Za-z0-9_:-]{1,255}$/.test(tag)) return [];
    return [{ path: `labels.${key}`, value: labels[key], reason: "makes no tag with its key", remedy }];
  });
}
