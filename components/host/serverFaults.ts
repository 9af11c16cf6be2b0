import { type HostProfile, hostProfiles } from "../../profiles/host";
import { adminKeyFaults, cidrFaults, openRangeFaults } from "../adminAccess";
import { clouds } from "../clouds";
import { CloudName } from "../clouds/catalog";
import type { Fault } from "../faults";
import type { HardenedServerArgs } from "../hardenedServer";
import { didYouMean } from "../suggestions";

/** Images that the converge program knows. */
export const serverImages = ["debian-12"];

/** Everything that is wrong with a server's name and arguments, as far as plain values tell. */
export function hardenedServerFaults(name: string, args: HardenedServerArgs): Fault[] {
  const { provider = CloudName.Hcloud, location, size, image = "debian-12", adminCidrs, labels = {} } = args;
  const { placementGroupId } = args;
  const known = Object.hasOwn(clouds, provider);
  const choice = { location, size, adminCidrs, labels, placementGroupId };
  return [
    ...serverNameFaults(name),
    ...(known ? clouds[provider].faults(choice) : providerFaults(provider)),
    ...imageFaults(image),
    ...hardeningFaults(args),
  ];
}

/** How a server is to be hardened, whoever has made it. */
export type HardeningArgs = Pick<
  HardenedServerArgs,
  "profile" | "hostProfile" | "adminKeys" | "adminCidrs" | "allowOpenSsh"
>;

/** Everything that is wrong with how a server is to be hardened. */
export function hardeningFaults(args: HardeningArgs): Fault[] {
  return [
    ...profileFaults(args),
    ...keyFaults(args.adminKeys, profileOf(args)),
    ...rangeFaults(args.adminCidrs, args.allowOpenSsh ?? false),
  ];
}

/** The profile that arguments ask for, or undefined when it has no such name. */
export function profileOf(args: Pick<HardeningArgs, "profile" | "hostProfile">): HostProfile | undefined {
  const name = args.profile ?? "production";
  return args.hostProfile ?? (Object.hasOwn(hostProfiles, name) ? hostProfiles[name] : undefined);
}

/** The provider's name gets a dash and seven characters more, and has to be a host name. */
export function serverNameFaults(name: string): Fault[] {
  if (/^[a-z]([a-z0-9-]{0,53}[a-z0-9])?$/.test(name)) return [];
  const remedy = "use lower-case letters, digits and dashes, a letter first, at most 55 characters";
  return [{ path: "name", value: name, reason: "is not a name for a server", remedy }];
}

function providerFaults(provider: string): Fault[] {
  const remedy = didYouMean(`${provider}`, Object.values(CloudName), "providers");
  return [{ path: "provider", value: provider, reason: "is not a provider of servers", remedy }];
}

function imageFaults(image: string): Fault[] {
  if (serverImages.includes(image)) return [];
  const remedy = `write ${serverImages.join(" or ")}`;
  // A snapshot of a server holds its host keys, the record of its first boot and its agents' secrets.
  if (/^\d+$/.test(image)) return [{ path: "image", value: image, reason: "is a snapshot", remedy }];
  return [{ path: "image", value: image, reason: "is not an image that can be hardened", remedy }];
}

function profileFaults(args: HardeningArgs): Fault[] {
  const { profile, hostProfile } = args;
  if (profile !== undefined && hostProfile !== undefined) {
    return [{ path: "profile", value: profile, reason: "stands beside hostProfile", remedy: "give one of the two" }];
  }
  if (profileOf(args) !== undefined) return [];
  const remedy = didYouMean(`${profile}`, Object.keys(hostProfiles), "profiles");
  return [{ path: "profile", value: profile, reason: "is not a profile", remedy }];
}

function keyFaults(keys: string[], profile: HostProfile | undefined): Fault[] {
  if (keys.length === 0) {
    const remedy = "give the public key of whoever runs the deployment, such as the text of ~/.ssh/id_ed25519.pub";
    return [{ path: "adminKeys", reason: "is empty, and nobody could log in", remedy }];
  }
  return keys.flatMap((key, i) => {
    const path = `adminKeys[${i}]`;
    const faults = adminKeyFaults(path, key);
    return faults.length > 0 || profile === undefined ? faults : acceptanceFaults(path, key, profile);
  });
}

/** A key that sshd's own settings will not accept would lock its owner out without a word. */
function acceptanceFaults(path: string, key: string, profile: HostProfile): Fault[] {
  const [type = "", body = ""] = key.trim().split(/\s+/);
  const remedy = "make one with ssh-keygen -t ed25519";
  const accepted = profile.ssh.hostKeyAlgorithms;
  // What a key is called differs from the signatures it makes only for RSA.
  const signatures = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
  if (!signatures.some((signature) => accepted.includes(signature))) {
    return [{ path, value: type, reason: "is a kind of key that the profile's sshd does not accept", remedy }];
  }
  const least = Number(profile.ssh.options.RequiredRSASize ?? 0);
  const bits = type === "ssh-rsa" ? rsaBits(body) : least;
  if (bits >= least) return [];
  return [
    { path, value: `${type} of ${bits} bits`, reason: `has less than the ${least} bits that sshd accepts`, remedy },
  ];
}

/** Length of the modulus, the third field of an RSA public key. */
function rsaBits(body: string): number {
  let rest = Buffer.from(body, "base64");
  let field = Buffer.alloc(0);
  for (let i = 0; i < 3; i++) {
    if (rest.length < 4) return 0;
    const length = rest.readUInt32BE(0);
    field = rest.subarray(4, 4 + length);
    rest = rest.subarray(4 + length);
  }
  const modulus = field.toString("hex").replace(/^(00)+/, "");
  return modulus === "" ? 0 : BigInt(`0x${modulus}`).toString(2).length;
}

function rangeFaults(cidrs: string[], allowOpen: boolean): Fault[] {
  if (cidrs.length === 0) {
    const remedy = "give the address of whoever runs the deployment as a.b.c.d/32";
    return [{ path: "adminCidrs", reason: "is empty, and the server could not be reached", remedy }];
  }
  return cidrs.flatMap((cidr, i): Fault[] => {
    const path = `adminCidrs[${i}]`;
    const open = allowOpen ? [] : openRangeFaults(path, cidr, "allowOpenSsh: true");
    return open.length > 0 ? open : cidrFaults(path, cidr);
  });
}
