import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props } from "./provider";
import { Archive, Asset, isObject, UNKNOWN } from "./values";

// How Pulumi marks special values in a protobuf Struct: developer-docs/providers/implementers-guide, "Property values".
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const ASSET = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

const UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
  UNKNOWN_STRING,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** A secret on its way to the engine; never handed to a resource handler. */
export class Secret {
  constructor(readonly value: unknown) {}
}

/** Plain values of a message's Struct: secrets unwrapped, unknowns as UNKNOWN, nulls left out of objects. */
export function fromStruct(struct: Struct | undefined): Props {
  if (!struct) return {};
  return readObject(struct.toJavaScript() as Record<string, unknown>);
}

/** The reverse; UNKNOWN and Secret are marked as the engine expects them, undefined is left out. */
export function toStruct(props: Props): Struct {
  return Struct.fromJavaScript(writeObject(props) as never);
}

function readObject(object: Record<string, unknown>): Props {
  const props: Props = {};
  for (const [name, value] of Object.entries(object)) {
    if (value !== null && value !== undefined) props[name] = read(value);
  }
  return props;
}

function read(value: unknown): unknown {
  if (typeof value === "string") return UNKNOWNS.has(value) ? UNKNOWN : value;
  if (Array.isArray(value)) return value.map(read);
  if (!isObject(value)) return value;
  switch (value[MARK]) {
    case undefined:
      return readObject(value);
    case SECRET:
      return read(value.value);
    case OUTPUT:
      return "value" in value ? read(value.value) : UNKNOWN;
    case RESOURCE:
      return value.id === undefined || value.id === "" ? UNKNOWN : read(value.id);
    case ASSET: {
      const { text, path, uri, hash } = value as { text?: string; path?: string; uri?: string; hash?: string };
      return new Asset({ ...(path || uri ? {} : { text: text ?? "" }), ...prune({ path, uri, hash }) });
    }
    case ARCHIVE: {
      const { assets, path, uri, hash } = value as { assets?: object; path?: string; uri?: string; hash?: string };
      const inner = assets && (readObject(assets as Props) as Record<string, Asset | Archive>);
      return new Archive(prune({ assets: inner, path, uri, hash }));
    }
    default:
      throw new Error(`value of an unknown kind (${String(value[MARK])})`);
  }
}

function writeObject(props: Props): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(props)) {
    if (value !== undefined) object[name] = write(value);
  }
  return object;
}

function write(value: unknown): unknown {
  if (value === UNKNOWN) return UNKNOWN_STRING;
  if (value === undefined) return null;
  if (value instanceof Secret) return { [MARK]: SECRET, value: write(value.value) };
  if (value instanceof Asset) return { [MARK]: ASSET, ...value.source };
  if (value instanceof Archive) {
    const { assets, ...rest } = value.source;
    return { [MARK]: ARCHIVE, ...rest, ...(assets ? { assets: writeObject(assets) } : {}) };
  }
  if (Array.isArray(value)) return value.map(write);
  if (isObject(value)) return writeObject(value);
  return value;
}

function prune<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value)) as T;
}
