import { isIP } from "node:net";
import type { Fault } from "./faults";

/** What is wrong with an address range: it has to be a network in CIDR form, and its address the first of the network. */
export function cidrFaults(path: string, cidr: string): Fault[] {
  const [address = "", length = ""] = cidr.split("/");
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  if (family === 0 || !/^\d{1,3}$/.test(length) || Number(length) > bits) {
    const remedy =
      family !== 0 && !cidr.includes("/") ? `write ${cidr}/${bits}` : "write it as 198.51.100.7/32 or 2001:db8::/48";
    return [{ path, value: cidr, reason: "is not an address range", remedy }];
  }
  const host = BigInt(bits - Number(length));
  const number = addressNumber(address, family);
  if ((number >> host) << host === number) return [];
  const remedy = `write ${address}/${bits} for this address alone, or the first address of the network`;
  return [{ path, value: cidr, reason: "does not start at the first address of its network", remedy }];
}

/** Whether a range holds every address of its family, so that it is no limit at all. */
export function isEverywhere(cidr: string): boolean {
  return cidr.endsWith("/0");
}

/** What is wrong with a public key in OpenSSH's form. A private key given by mistake is never repeated. */
export function adminKeyFaults(path: string, key: string): Fault[] {
  const remedy = "write the line of the .pub file: ssh-ed25519 AAAA… name";
  if (key.includes("PRIVATE KEY")) return [{ path, reason: "is a private key", remedy }];
  const [type = "", body = ""] = key.trim().split(/\s+/);
  const name = Buffer.from(body, "base64")
    .subarray(4, 4 + type.length)
    .toString("latin1");
  const kinds =
    /^(ssh-ed25519|sk-ssh-ed25519@openssh\.com|ecdsa-sha2-nistp(256|384|521)|sk-ecdsa-sha2-nistp256@openssh\.com|ssh-rsa)$/;
  if (kinds.test(type) && type === name && !/[\r\n]/.test(key.trim())) return [];
  return [{ path, value: key, reason: "is not an SSH public key", remedy }];
}

function addressNumber(address: string, family: number): bigint {
  if (family === 4) return address.split(".").reduce((number, byte) => (number << 8n) + BigInt(byte), 0n);
  const [head = "", tail] = address.replace(/%.*/, "").split("::");
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
