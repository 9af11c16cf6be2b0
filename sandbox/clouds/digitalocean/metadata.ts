import { createHash } from "node:crypto";
import type { MetadataEntry } from "../metadata";
import { gateway6, publicNetwork } from "./dropletView";
import { machineSpec } from "./lifecycle";
import type { DigitalOceanState, Droplet } from "./model";
import { networkOf } from "./vpcs";

/** Resolvers that droplets are told; the sandbox's servers ask its own name server instead. */
const nameServers = ["67.207.67.3", "67.207.67.2"];

const root = "/metadata/v1";

/** The droplet with a public address, if there is one. */
export function findDroplet(state: DigitalOceanState, ipv4: string): MetadataEntry | undefined {
  const droplet = Object.values(state.droplets).find((candidate) => candidate.ipv4 === ipv4);
  if (!droplet) return undefined;
  const reserved = Object.values(state.reserved_ips).find((candidate) => candidate.droplet === droplet.id);
  return dropletMetadata(droplet, state.vpcs[droplet.vpc_uuid]?.ip_range ?? "", reserved?.ip);
}

/**
 * `/metadata/v1.json`, and the same as a tree of texts below `/metadata/v1/`, as at
 * https://docs.digitalocean.com/reference/api/metadata/.
 *
 * @param ipRange Network of the droplet's VPC, in CIDR form.
 * @param reservedIp Address that is assigned to the droplet, if any.
 */
export function dropletMetadata(droplet: Droplet, ipRange: string, reservedIp?: string): MetadataEntry {
  const document = documentOf(droplet, ipRange, reservedIp);
  return {
    spec: machineSpec(droplet),
    answer: (path) => (path === `${root}.json` ? JSON.stringify(document) : textAt(treeOf(document), path)),
  };
}

function documentOf(droplet: Droplet, ipRange: string, reservedIp?: string) {
  const { ipv4 = "", ipv6, private_ipv4 } = droplet;
  const reserved = { ipv4: reservedIp ? { ip_address: reservedIp, active: true } : { active: false } };
  const mac = (kind: string) => macAddress(`${kind} ${droplet.id}`);
  return {
    droplet_id: droplet.id,
    hostname: droplet.name,
    user_data: droplet.user_data,
    vendor_data: "",
    public_keys: droplet.ssh_keys,
    region: droplet.region,
    interfaces: {
      public: [
        {
          ipv4: { ip_address: ipv4, ...publicNetwork(ipv4) },
          ...(ipv6 ? { ipv6: { ip_address: ipv6, cidr: 64, gateway: gateway6 } } : {}),
          mac: mac("public"),
          type: "public",
        },
      ],
      private: [{ ipv4: { ip_address: private_ipv4, ...networkOf(ipRange) }, mac: mac("private"), type: "private" }],
    },
    // Once called floating.
    floating_ip: reserved,
    reserved_ip: reserved,
    dns: { nameservers: nameServers },
    tags: droplet.tags,
    features: { dhcp_enabled: false },
  };
}

interface Tree {
  [name: string]: Tree | string;
}

/** The document as a tree, in which some things have other names. */
function treeOf(document: ReturnType<typeof documentOf>): Tree {
  const lines = (values: string[]) => values.join("\n");
  return {
    id: String(document.droplet_id),
    hostname: document.hostname,
    "user-data": document.user_data,
    "vendor-data": document.vendor_data,
    "public-keys": lines(document.public_keys),
    region: document.region,
    interfaces: branch(document.interfaces, { ip_address: "address" }),
    dns: { nameservers: lines(document.dns.nameservers) },
    floating_ip: branch(document.floating_ip),
    reserved_ip: branch(document.reserved_ip),
    tags: Object.fromEntries(document.tags.map((tag) => [tag, ""])),
    features: branch(document.features),
  };
}

function branch(value: object, names: Record<string, string> = {}): Tree {
  const entries = Object.entries(value).map(([name, inner]) => {
    const nested = typeof inner === "object" && inner !== null;
    return [names[name] ?? name, nested ? branch(inner, names) : String(inner)];
  });
  return Object.fromEntries(entries);
}

/** A leaf, or the index of a branch: one name a line, branches with a slash. */
function textAt(tree: Tree, path: string): string | undefined {
  if (path !== root && !path.startsWith(`${root}/`)) return undefined;
  let at: Tree | string | undefined = tree;
  for (const name of path.slice(root.length).split("/").filter(Boolean)) {
    at = typeof at === "object" && Object.hasOwn(at, name) ? at[name] : undefined;
    if (at === undefined) return undefined;
  }
  if (typeof at === "string") return at;
  const names = Object.entries(at ?? {}).map(([name, inner]) => (typeof inner === "string" ? name : `${name}/`));
  return names.join("\n");
}

/** A locally administered address, always the same for the same name. */
function macAddress(name: string): string {
  const digits = createHash("sha256").update(name).digest("hex").slice(0, 10);
  return `0a:${digits.match(/../g)?.join(":")}`;
}
