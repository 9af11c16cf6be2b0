/** `connection` of a remote command, with the table's defaults filled in. */
export interface Endpoint {
  host: string;
  port: number;
  user: string;
  /** OpenSSH public key the server must prove; without one any key is accepted. */
  hostKey?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  password?: string;
  agentSocketPath?: string;
  /** How many dials may fail before the last one's error counts; -1 = no limit. */
  dialErrorLimit: number;
  /** Seconds until a TCP connection must stand; 0 = no limit. */
  perDialTimeout: number;
}

export interface Connection extends Endpoint {
  /** A server to go through; the connection to `host` starts there. */
  proxy?: Endpoint;
}

/** Milliseconds before the next dial: from 100, growing by half, to 5000 (Pulumi's sdk/go/common/util/retry). */
export function backoff(failures: number): number {
  return Math.min(100 * 1.5 ** (failures - 1), 5000);
}

/** A host key as sshd presents it. Throws if the text is no OpenSSH public key. */
export function parseHostKey(text: string): { type: string; blob: Buffer } {
  // A line of an authorized_keys file: options may stand before the type, a comment after the key.
  const match = /(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(text.trim());
  const blob = match && Buffer.from(match[2]!, "base64");
  if (!blob || blob.length < 4 || blob.subarray(4, 4 + blob.readUInt32BE(0)).toString() !== match[1]) {
    throw new Error("failed to parse host key: ssh: no key found");
  }
  return { type: match[1]!, blob };
}

/** ssh2's complaint about a connection in the words of Go's ssh package, which the official plugin shows. */
export function dialError(error: Error & { code?: string; level?: string; address?: string; port?: number }): string {
  const { message } = error;
  if (error.code === "ECONNREFUSED") return `dial tcp ${error.address}:${error.port}: connect: connection refused`;
  if (error.code === "ECONNRESET") return "ssh: handshake failed: read: connection reset by peer";
  if (error.code === "ENOTFOUND") return `dial tcp: lookup ${message.split(" ").at(-1)}: no such host`;
  if (message.includes("verification failed")) return "ssh: handshake failed: ssh: host key mismatch";
  if (/no matching host key/i.test(message))
    return `ssh: handshake failed: ssh: no common algorithm for host key; ${message}`;
  if (error.level === "client-authentication") {
    return "ssh: handshake failed: ssh: unable to authenticate, no supported methods remain";
  }
  return message.startsWith("dial ") ? message : `ssh: handshake failed: ${message}`;
}
