import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import { type Duplex, finished, type Readable, Transform } from "node:stream";
import type { HeaderList } from "../request";
import { TunnelFailure, TunnelTimeout } from "./failures";
import { acceptsWebSocket, endToEnd, type ResponseHead, readResponseHead } from "./responseHeaders";

/** A request to send through a tunnel. */
export interface TunnelRequest {
  method: string;
  host: string;
  /** Path and query, as the client sent them. */
  target: string;
  headers: HeaderList;
}

export type TunnelResponse = ResponseHead & { body: Readable };
export type TunnelUpgrade = ResponseHead & { stream: Duplex };

/** The connection would not take the request, so nothing of it was acted on and another may be tried. */
export class NotTaken extends TunnelFailure {}

/** How long a request may take. */
export interface Patience {
  /** Milliseconds from the end of the request to the head of the answer. */
  answer: number;
  /** Aborted when the client has gone before that. */
  signal?: AbortSignal;
}

/** Sends a request and returns when the head of the answer is there. @throws NotTaken, TunnelFailure, TunnelTimeout */
export async function forward(
  session: ClientHttp2Session,
  request: TunnelRequest,
  body: Readable | undefined,
  patience: Patience,
): Promise<TunnelResponse> {
  const options = body ? { endStream: false, waitForTrailers: true } : { endStream: true };
  const stream = open(session, requestHeaders(request), options);
  const head = responseHead(stream, body, patience);
  if (body) sendBody(body, stream);
  const { status, headers, source } = await head;
  return { status, headers: endToEnd(headers), source, body: wholeBody(stream) };
}

/** Asks for a WebSocket. @throws NotTaken, TunnelFailure, TunnelTimeout */
export async function forwardUpgrade(
  session: ClientHttp2Session,
  request: TunnelRequest,
  patience: Patience,
): Promise<TunnelUpgrade> {
  const headers = { ...requestHeaders(request), "cf-cloudflared-proxy-connection-upgrade": "websocket" };
  const stream = open(session, headers, { endStream: false });
  const head = await responseHead(stream, undefined, patience);
  if (acceptsWebSocket(head)) return { ...head, status: 101, stream };
  stream.end();
  return { ...head, headers: endToEnd(head.headers), stream: wholeBody(stream) };
}

function open(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  options: ClientSessionRequestOptions,
): ClientHttp2Stream {
  if (session.closed || session.destroyed) throw new NotTaken("the connection is closed");
  try {
    return session.request(headers, options);
  } catch (error) {
    throw new TunnelFailure((error as Error).message);
  }
}

/**
 * An answer may come, and the stream end, before the whole body was sent: the rest is then read and dropped, so that
 * the client's connection stays usable. A client that breaks off ends the stream, and not in good order as Node would by
 * itself: waiting for trailers leaves it to us to say that the body was whole.
 */
function sendBody(body: Readable, stream: ClientHttp2Stream): void {
  stream.once("wantTrailers", () => {
    if (body.readableEnded) stream.sendTrailers({});
  });
  finished(body, { writable: false }, (error) => {
    if (error) stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.once("close", () => {
    body.unpipe(stream);
    body.resume();
  });
  body.pipe(stream);
}

/**
 * The body of an answer. Node ends a stream in good order when its connection is lost, so that half a body would pass for
 * a whole one: here it ends in an error.
 */
function wholeBody(stream: ClientHttp2Stream): Transform {
  const body = new Transform({
    transform: (chunk, _, done) => done(null, chunk),
    flush: (done) => done(stream.rstCode ? new TunnelFailure("the answer broke off") : null),
  });
  finished(body, (error) => {
    if (error) stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.once("error", (error) => body.destroy(error));
  return stream.pipe(body);
}

function responseHead(
  stream: ClientHttp2Stream,
  body: Readable | undefined,
  patience: Patience,
): Promise<ResponseHead> {
  return new Promise((resolve, reject) => {
    const giveUp = (failure: TunnelFailure) => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(failure);
    };
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      timer = setTimeout(() => giveUp(new TunnelTimeout("no answer came in time")), patience.answer);
    };
    // The origin's time begins when it has the whole request.
    if (body) body.once("end", wait);
    else wait();
    const abort = () => giveUp(new TunnelFailure("the client has gone"));
    const settled = () => {
      clearTimeout(timer);
      body?.off("end", wait);
      patience.signal?.removeEventListener("abort", abort);
    };
    patience.signal?.addEventListener("abort", abort);
    stream.once("response", (headers) => {
      settled();
      try {
        resolve(readResponseHead(headers));
      } catch (error) {
        giveUp(error as TunnelFailure);
      }
    });
    // Stays for the life of the stream: whoever reads the answer learns of the error there.
    stream.on("error", () => {});
    stream.once("close", () => {
      settled();
      const refused = !body && stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      reject(refused ? new NotTaken("the stream was refused") : new TunnelFailure("the connection was lost"));
    });
    if (patience.signal?.aborted) abort();
  });
}

/** Fields of one connection, which end at the edge (RFC 9110 7.6.1), and those that HTTP/2 has other means for. */
const notForwarded = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Fields that Node sends once at most (`kSingleValueHeaders` in its lib/internal/http2/util.js): the first one counts. */
const single = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);

function requestHeaders({ method, host, target, headers }: TunnelRequest): OutgoingHttpHeaders {
  const fields: Record<string, string | string[]> = Object.create(null); // a field may be called "__proto__"
  for (const [name, value] of headers) {
    // A field of this name would be an order to the connector, whoever it came from.
    if (notForwarded.has(name) || name.startsWith("cf-cloudflared-")) continue;
    const before = fields[name];
    if (before === undefined) fields[name] = value;
    else if (!single.has(name)) fields[name] = [before, value].flat();
  }
  return { ...fields, ":method": method, ":scheme": "https", ":authority": host, ":path": target };
}
