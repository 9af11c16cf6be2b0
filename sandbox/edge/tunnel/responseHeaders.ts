import type { IncomingHttpHeaders } from "node:http2";
import type { HeaderList } from "../request";
import { TunnelFailure } from "./failures";

/** The head of an answer as it left the connector. */
export interface ResponseHead {
  status: number;
  headers: HeaderList;
  /** Whether the origin answered, or the connector in its place. */
  source: "origin" | "connector";
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, space, tab and what is not ASCII: no way to begin another field. */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Fields that only the edge itself may set (cloudflared `connection/header.go`, `IsControlResponseHeader`). */
const controlField = /^(cf-int-|cf-cloudflared-|cf-proxy-)/;

/**
 * Reads the head of a connector's answer: the origin's fields are packed into one, so that HTTP/2 has no say in them.
 *
 * @throws TunnelFailure when they are not packed as cloudflared does, or would not be fields of HTTP
 */
export function readResponseHead(headers: IncomingHttpHeaders & { ":status"?: number }): ResponseHead {
  const packed = headers["cf-cloudflared-response-headers"];
  return {
    status: headers[":status"] ?? 0,
    headers: typeof packed === "string" ? unpackHeaders(packed) : [],
    source: sourceOf(headers["cf-cloudflared-response-meta"]),
  };
}

/** Fields packed as `base64(name):base64(value)`, joined by semicolons. @throws TunnelFailure */
export function unpackHeaders(packed: string): HeaderList {
  const fields: HeaderList = [];
  for (const pair of packed.split(";")) {
    if (pair === "") continue;
    const [name, value, more] = pair.split(":").map(decoded);
    if (name === undefined || value === undefined || more !== undefined) throw unusable();
    if (!token.test(name) || !fieldValue.test(value)) throw unusable();
    if (!controlField.test(name.toLowerCase())) fields.push([name.toLowerCase(), value]);
  }
  return fields;
}

/** Fields of the connector's own connection to its origin (RFC 9110 7.6.1). */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/** The fields that an ordinary answer goes on with. */
export function endToEnd(headers: HeaderList): HeaderList {
  const named = headers
    .filter(([name]) => name === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","));
  const dropped = new Set([...hopByHop, ...named.map((name) => name.trim())]);
  return headers.filter(([name]) => !dropped.has(name));
}

/** Whether an answer to a WebSocket request accepts: a connector sends 200 where its origin sent 101. */
export function acceptsWebSocket(head: ResponseHead): boolean {
  return (
    head.status === 200 && head.source === "origin" && head.headers.some(([name]) => name === "sec-websocket-accept")
  );
}

function sourceOf(meta: string | string[] | undefined): "origin" | "connector" {
  try {
    const { src } = JSON.parse(String(meta)) as { src?: unknown };
    return src === "origin" ? "origin" : "connector";
  } catch {
    return "connector";
  }
}

function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/]*$/.test(text)) throw unusable();
  return Buffer.from(text, "base64").toString("latin1");
}

function unusable(): TunnelFailure {
  return new TunnelFailure("the connector's answer has header fields that are none");
}
