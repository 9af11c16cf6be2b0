import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/** An ed25519 key pair as OpenSSH writes it. */
export interface HostKey {
  /** `-----BEGIN OPENSSH PRIVATE KEY-----…` */
  privateKey: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  publicKey: string;
}

/** The head of a PKCS #8 ed25519 private key (RFC 8410); the 32 bytes of the seed follow. */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The key pair that belongs to a secret text: SHA-256 of the text is the seed.
 *
 * The same text always gives the same pair, so a random password in state is all that has to be kept.
 */
export function hostKeyFrom(secret: string): HostKey {
  const seed = sha256(secret);
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  const publicBytes = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  const publicBlob = Buffer.concat([text("ssh-ed25519"), field(publicBytes)]);
  return {
    privateKey: armoured(openSshPrivateKey(seed, publicBytes, publicBlob)),
    publicKey: `ssh-ed25519 ${publicBlob.toString("base64")}`,
  };
}

/** OpenSSH's own format, PROTOCOL.key in its sources, without a passphrase. */
function openSshPrivateKey(seed: Buffer, publicBytes: Buffer, publicBlob: Buffer): Buffer {
  // Two equal numbers by which a decrypted key is known to be right; they have no meaning without encryption.
  const check = sha256(publicBytes).subarray(0, 4);
  const content = Buffer.concat([
    check,
    check,
    text("ssh-ed25519"),
    field(publicBytes),
    field(Buffer.concat([seed, publicBytes])),
    text(""),
  ]);
  const blockSize = 8;
  const padding = Buffer.from(
    Array.from({ length: (blockSize - (content.length % blockSize)) % blockSize }, (_, i) => i + 1),
  );
  return Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    text("none"),
    text("none"),
    text(""),
    uint32(1),
    field(publicBlob),
    field(Buffer.concat([content, padding])),
  ]);
}

function armoured(key: Buffer): string {
  const lines = key.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

function text(value: string): Buffer {
  return field(Buffer.from(value));
}

function field(value: Buffer): Buffer {
  return Buffer.concat([uint32(value.length), value]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}
