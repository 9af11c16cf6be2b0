import { createHash } from "node:crypto";

const keyTypes = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

/** Length of the key material of fixed-size keys, in bytes. */
const ed25519Length = 32;

/**
 * MD5 fingerprint as the clouds show it (`b7:2f:…`), or `undefined` when the text is no OpenSSH public key: one line of
 * type and base64, in which the key blob repeats the type and consists of whole length-prefixed fields.
 */
export function publicKeyFingerprint(text: string): string | undefined {
  const [type = "", encoded = ""] = text.trim().split(/\s+/);
  if (/[\r\n]/.test(text.trim()) || !keyTypes.has(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const blob = Buffer.from(encoded, "base64");
  const fields = sshFields(blob);
  if (!fields || fields.length < 2 || fields[0]?.toString() !== type) return undefined;
  if (type === "ssh-ed25519" && fields[1]?.length !== ed25519Length) return undefined;
  const digest = createHash("md5").update(blob).digest("hex");
  return digest.match(/../g)?.join(":");
}

function sshFields(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}
