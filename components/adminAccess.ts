import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { Fault } from "./faults";
import { readPublicKey } from "./sshPublicKey";

/** Shortest prefix that a range may have unless everybody is let in: a /8 of IPv4 is 1 in 256 of all addresses. */
const widest = { 4: 8, 6: 16 };

/** What is no list of texts: programs in plain JavaScript can give anything, and all programs outputs. */
export function textListFaults(path: string, list: unknown): Fault[] {
  const remedy = "write a list of texts that are known before the deployment";
  // An output says nothing about itself.
  const plain = (value: unknown) => (pulumi.Output.isInstance(value) ? undefined : value);
  if (list === undefined) return [{ path, reason: "is missing", remedy }];
  if (!Array.isArray(list)) return [{ path, value: plain(list), reason: "is not a list", remedy }];
  return list.flatMap((item: unknown, i) =>
    typeof item === "string" ? [] : [{ path: `${path}[${i}]`, value: plain(item), reason: "is not a text", remedy }],
  );
}

/** What is wrong with an address range: it has to be a network in CIDR form, and its address the first of the network. */
export function cidrFaults(path: string, cidr: string): Fault[] {
  const range = readRange(cidr);
  if (range === undefined) {
    const family = isIP(cidr);
    const remedy =
      family === 0 || cidr.includes("%")
        ? "write it as 198.51.100.7/32 or 2001:db8::/48"
        : `write ${cidr}/${bits(family)}`;
    return [{ path, value: cidr, reason: "is not an address range", remedy }];
  }
  const { address, family, length } = range;
  const host = BigInt(bits(family) - length);
  const number = addressNumber(address, family);
  if ((number >> host) << host === number) return [];
  const remedy = `write ${address}/${bits(family)} for this address alone, or the first address of the network`;
  return [{ path, value: cidr, reason: "does not start at the first address of its network", remedy }];
}

/**
 * What is wrong with a range that is so wide that it is no limit: more than a /8 of IPv4 or a /16 of IPv6, of which a few
 * hold every address there is. Nothing where the text is no range at all, which {@link cidrFaults} tells.
 *
 * @param permission what to write where everybody really shall reach SSH
 */
export function openRangeFaults(path: string, cidr: string, permission: string): Fault[] {
  const range = readRange(cidr);
  if (range === undefined || range.length >= widest[range.family]) return [];
  const reason =
    range.length === 0 ? "opens SSH to everybody" : `opens SSH to 1 in ${2 ** range.length} of all addresses`;
  const remedy = `write your own address as a.b.c.d/32, or ${permission} if everybody really shall reach SSH`;
  return [{ path, value: cidr, reason, remedy }];
}

/** What is wrong with a public key in OpenSSH's form. A private key given by mistake is never repeated. */
export function adminKeyFaults(path: string, key: string): Fault[] {
  const remedy = "write the line of the .pub file: ssh-ed25519 AAAA… name";
  if (key.includes("PRIVATE KEY")) return [{ path, reason: "is a private key", remedy }];
  if (readPublicKey(key) !== undefined) return [];
  return [{ path, value: key, reason: "is not an SSH public key", remedy }];
}

/** The parts of a text that is an address range, whether or not its address is the first of the network. */
function readRange(cidr: string): { address: string; family: 4 | 6; length: number } | undefined {
  const [address = "", length = "", ...more] = cidr.split("/");
  const family = isIP(address);
  // A zone (fe80::1%eth0) means an interface of one computer and nothing to a firewall.
  if (more.length > 0 || (family !== 4 && family !== 6) || address.includes("%")) return undefined;
  if (!/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits(family)) return undefined;
  return { address, family, length: Number(length) };
}

function bits(family: number): number {
  return family === 4 ? 32 : 128;
}

function addressNumber(address: string, family: number): bigint {
  if (family === 4) return address.split(".").reduce((number, byte) => (number << 8n) + BigInt(byte), 0n);
  const [head = "", tail] = address.split("::");
  const groups = (text: string) =>
    text
      .split(":")
      .filter((group) => group !== "")
      .flatMap((group) => {
        if (!group.includes(".")) return [Number.parseInt(group, 16)];
        const embedded = Number(addressNumber(group, 4));
        return [Math.floor(embedded / 65536), embedded % 65536];
      });
  const [first, last] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array<number>(zeros).fill(0), ...last];
  return all.reduce((number, group) => (number << 16n) + BigInt(group), 0n);
}
