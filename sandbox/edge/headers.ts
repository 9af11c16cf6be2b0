import type { EdgeRequest, HeaderList } from "./request";

/** Fields of one connection, which no proxy passes on (RFC 9110, 7.6.1), with those that a proxy answers by itself. */
const ofConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
]);

/**
 * Fields that only the edge may set: they would be believed. `x-real-ip` is documented to be removed,
 * https://developers.cloudflare.com/fundamentals/reference/http-headers/.
 */
const ofEdge = new Set([
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "cf-worker",
  "cf-ew-via",
  "cf-warp-tag-id",
  "x-forwarded-proto",
  "x-real-ip",
]);

/** What the edge and a connector say to each other in header fields. */
const ofTunnel = /^cf-(cloudflared|int)-/;

/** Answers' fields that nginx would act on. */
const ofNginx = new Set(["x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect"]);

/** A request's id as clients and origins see it, with the data centre's name behind it. */
export function cfRay(ray: string): string {
  return `${ray}-BOX`;
}

/** The first value of a field. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  return headers.find(([present]) => present === name)?.[1];
}

/** A client's fields without those of its connection and those that are the edge's to set. */
export function cleaned(headers: HeaderList): HeaderList {
  const named = new Set(
    headers.filter(([name]) => name === "connection").flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/)),
  );
  return headers.filter(
    ([name]) => !ofConnection.has(name) && !named.has(name) && !ofEdge.has(name) && !ofTunnel.test(name),
  );
}

/**
 * What goes to the origin: the client's fields, already {@link cleaned}, with what Cloudflare and its layers add in the
 * place of fields of the same name.
 *
 * `accept-encoding` is left as the client wrote it, where Cloudflare would ask for br and gzip and unpack the answer.
 */
export function forwardedHeaders(
  request: Pick<EdgeRequest, "headers" | "ray" | "client" | "tls" | "websocket">,
  layers: { added: HeaderList; dropped: string[] },
): HeaderList {
  const scheme = request.tls === undefined ? "http" : "https";
  const dropped = new Set(["host", ...layers.dropped.map((name) => name.toLowerCase())]);
  const kept = request.headers.filter(([name]) => !dropped.has(name));
  const before = headerOf(kept, "x-forwarded-for");
  const loop = headerOf(kept, "cdn-loop");
  const set: HeaderList = [
    ["cf-connecting-ip", request.client.address],
    ["cf-ipcountry", request.client.country],
    ["cf-ray", cfRay(request.ray)],
    ["cf-visitor", JSON.stringify({ scheme })],
    ["x-forwarded-for", before === undefined ? request.client.address : `${before},${request.client.address}`],
    ["x-forwarded-proto", scheme],
    ["cdn-loop", loop === undefined ? "cloudflare; loops=1" : `${loop}, cloudflare; loops=1`],
    ...(request.websocket
      ? ([
          ["connection", "Upgrade"],
          ["upgrade", "websocket"],
        ] as HeaderList)
      : []),
    ...layers.added,
  ];
  const replaced = new Set(set.map(([name]) => name));
  return [...kept.filter(([name]) => !replaced.has(name)), ...set];
}

/**
 * What goes back to the client.
 *
 * @param security value of `strict-transport-security`, and whether `nosniff` goes with it; undefined leaves both to the
 *   origin
 * @param added by the layers, beside the origin's fields of the same name
 */
export function answerHeaders(
  headers: HeaderList,
  {
    ray,
    security,
    added = [],
  }: { ray: string; security?: { transport: string; nosniff: boolean }; added?: HeaderList },
): HeaderList {
  const set: HeaderList = [
    ["server", "cloudflare"],
    ["cf-ray", cfRay(ray)],
    ...(security ? ([["strict-transport-security", security.transport]] as HeaderList) : []),
    ...(security?.nosniff ? ([["x-content-type-options", "nosniff"]] as HeaderList) : []),
  ];
  const replaced = new Set(set.map(([name]) => name));
  const kept = headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !ofConnection.has(name) && !ofTunnel.test(name) && !ofNginx.has(name) && !replaced.has(name));
  return [...kept, ...added, ...set];
}
