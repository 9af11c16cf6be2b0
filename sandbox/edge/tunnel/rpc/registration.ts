import { MalformedMessage } from "../capnp/malformed";
import type { StructReader } from "../capnp/reader";
import type { StructValue } from "../capnp/writer";

/** cloudflared's interface RegistrationServer (`tunnelrpc.capnp`) and the numbers of its methods. */
export const registrationInterface = 0xf71695ec7fe85497n;
export const methods = { registerConnection: 0, unregisterConnection: 1, updateLocalConfiguration: 2 } as const;

/** Longest texts that are read, in bytes. */
const longest = { account: 64, secret: 1024, word: 256, localConfiguration: 1024 * 1024 };
const mostFeatures = 64;

/** What a connector says when it registers a connection. All of it is the connector's word, secret included. */
export interface Registration {
  accountTag: string;
  secret: Buffer;
  /** A UUID in lower case. */
  tunnelId: string;
  /** The connection's number among those of its connector, from 0. */
  index: number;
  replaceExisting: boolean;
  connector: {
    /** A UUID in lower case, the same for all connections of a connector. */
    id: string;
    version: string;
    arch: string;
    features: string[];
  };
}

/** @throws MalformedMessage */
export function readRegistration(params: StructReader): Registration {
  const auth = params.struct(0);
  const options = params.struct(2);
  const client = options.struct(0);
  return {
    accountTag: auth.text(0, longest.account),
    secret: Buffer.from(auth.data(1, longest.secret)),
    tunnelId: uuidText(params.data(1, 16)),
    index: params.uint8(0),
    replaceExisting: options.bool(0),
    connector: {
      id: uuidText(client.data(0, 16)),
      version: printable(client.text(2, longest.word)),
      arch: printable(client.text(3, longest.word)),
      features: client.texts(1, mostFeatures, longest.word).map(printable),
    },
  };
}

/** @throws MalformedMessage */
export function readLocalConfiguration(params: StructReader): Buffer {
  return Buffer.from(params.data(0, longest.localConfiguration));
}

/** The edge's answer to a registration. */
export type RegistrationAnswer =
  | { connection: string; location: string; remotelyManaged: boolean }
  /** `retryAfter`: milliseconds until the connector may ask again; undefined when the refusal is final. */
  | { cause: string; retryAfter?: number };

export function registrationResults(given: RegistrationAnswer): StructValue {
  const tag = Buffer.alloc(8);
  tag.writeUInt16LE("cause" in given ? 0 : 1, 0);
  const response = { data: tag, pointers: [{ struct: "cause" in given ? connectionError(given) : details(given) }] };
  return { data: Buffer.alloc(0), pointers: [{ struct: response }] };
}

function connectionError({ cause, retryAfter }: { cause: string; retryAfter?: number }): StructValue {
  const data = Buffer.alloc(16);
  data.writeBigInt64LE(BigInt(retryAfter ?? 0) * 1_000_000n, 0);
  data.writeUInt8(retryAfter === undefined ? 0 : 1, 8);
  return { data, pointers: [{ text: cause }] };
}

function details(given: { connection: string; location: string; remotelyManaged: boolean }): StructValue {
  const data = Buffer.alloc(8);
  data.writeUInt8(given.remotelyManaged ? 1 : 0, 0);
  return { data, pointers: [{ data: uuidBytes(given.connection) }, { text: given.location }] };
}

function uuidText(bytes: Buffer): string {
  if (bytes.length !== 16) throw new MalformedMessage("an id has not the 16 bytes of a UUID");
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll("-", ""), "hex");
}

/** These words end up in logs and API answers. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}
