import { type IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { type Duplex, PassThrough, pipeline, type Readable, Transform } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HeaderList } from "./request";
import { type RequestBody, requestBody } from "./requestBody";
import type { RawRequest } from "./requestForm";

/** How long a client may take to read the end of a closed WebSocket, in milliseconds. */
const lastWords = 5000;

/** An answer on its way to the client. */
export interface Answer {
  status: number;
  headers: HeaderList;
  body: Readable | Buffer | string;
}

/** One request with the means to answer it, whichever version of HTTP it came by. */
export interface Exchange {
  raw: RawRequest;
  body: RequestBody;
  /** Aborted when the client leaves. */
  gone: AbortSignal;
  answer(answer: Answer): void;
  /** Sends 101 and joins the client to what the origin opened. */
  switchProtocols(headers: HeaderList, origin: Duplex): void;
}

export function http1Exchange(request: IncomingMessage, response: ServerResponse): Exchange {
  return {
    raw: rawHttp1(request, false),
    body: requestBody(hasBody(request) ? request : undefined),
    gone: closing(response),
    answer: (answer) => {
      // What was not read of the body would be taken for the next request's bytes.
      if (!request.complete && hasBody(request)) response.shouldKeepAlive = false;
      send(response, request.method, answer);
    },
    switchProtocols: (_, origin) => origin.destroy(),
  };
}

/** A request that wants to leave HTTP, or asks for a tunnel by CONNECT: the server has let go of its connection. */
export function upgradeExchange(request: IncomingMessage, socket: Duplex, head: Buffer): Exchange {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  socket.on("error", () => socket.destroy());
  return {
    raw: rawHttp1(request, true),
    body: requestBody(undefined),
    gone: closing(socket),
    answer: (answer) => {
      response.assignSocket(socket as never);
      response.once("finish", () => socket.end());
      send(response, request.method, answer);
    },
    switchProtocols: (headers, origin) => {
      const fields = [...headers, ["connection", "Upgrade"], ["upgrade", "websocket"]];
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
      if (head.length > 0) socket.unshift(head);
      join(socket, origin);
    },
  };
}

export function http2Exchange(request: Http2ServerRequest, response: Http2ServerResponse): Exchange {
  // A client may break off in ways that are errors; whoever waits for it hears that it closed.
  request.on("error", () => {});
  return {
    raw: rawHttp2(request),
    body: requestBody(request.stream.endAfterHeaders ? undefined : request),
    gone: closing(response.stream),
    answer: (answer) => send(response, request.method, answer),
    switchProtocols: (_, origin) => origin.destroy(),
  };
}

function closing(stream: { once(event: "close", listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  stream.once("close", () => controller.abort());
  return controller.signal;
}

/** HTTP/2 and HTTP/1 answers are written alike. */
function send(response: ServerResponse | Http2ServerResponse, method: string | undefined, answer: Answer): void {
  const { status, body } = answer;
  const grouped = new Map<string, string[]>();
  for (const [name, value] of answer.headers) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  const headers = Object.fromEntries(
    [...grouped].map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  );
  const stream = typeof body === "string" || Buffer.isBuffer(body) ? undefined : body;
  if (!stream && !("content-length" in headers)) headers["content-length"] = String(Buffer.byteLength(body as string));
  const written = response as ServerResponse;
  try {
    written.writeHead(status, headers);
  } catch {
    // An origin may send what HTTP has no place for.
    stream?.destroy();
    written.destroy();
    return;
  }
  if (!stream) {
    written.end(method === "HEAD" ? undefined : body);
    return;
  }
  // The head goes at once: an answer may be long in coming, event by event.
  written.flushHeaders();
  const bodiless = method === "HEAD" || status === 204 || status === 304;
  const length = bodiless ? undefined : (headers["content-length"] as string | undefined);
  pipeline(stream, length === undefined ? new PassThrough() : exactly(Number(length)), written, (error) => {
    if (error) written.destroy();
  });
}

/** Lets both sides send until either ends; what the origin sent last, such as why it closes, still goes out. */
function join(client: Duplex, origin: Duplex): void {
  client.pipe(origin);
  origin.pipe(client);
  origin.on("error", () => origin.destroy());
  origin.once("close", () => {
    client.end();
    setTimeout(() => client.destroy(), lastWords).unref();
  });
  client.once("close", () => origin.destroy());
}

/** Passes so many bytes and fails at any other number: the rest would be read as part of another answer. */
function exactly(length: number): Transform {
  const wrong = () => new Error("the body is not as long as its content-length says");
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > length) done(wrong());
      else done(null, chunk);
    },
    flush: (done) => done(size === length ? null : wrong()),
  });
}

function rawHttp1(request: IncomingMessage, upgrade: boolean): RawRequest {
  const { rawHeaders } = request;
  const headers: HeaderList = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!]);
  return {
    method: request.method ?? "",
    target: request.url ?? "",
    version: request.httpVersion === "1.0" ? "HTTP/1.0" : "HTTP/1.1",
    headers,
    tls: tlsOf(request.socket),
    address: addressOf(request.socket),
    upgrade,
  };
}

function rawHttp2(request: Http2ServerRequest): RawRequest {
  const headers: HeaderList = [];
  const cookies: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!];
    // Cookies may come in crumbs (RFC 9113, 8.2.3).
    if (name === "cookie") cookies.push(value);
    else if (name === ":authority") headers.unshift(["host", value]);
    else if (!name.startsWith(":")) headers.push([name, value]);
  }
  if (cookies.length > 0) headers.push(["cookie", cookies.join("; ")]);
  const { socket } = request.stream.session!;
  return {
    method: request.method,
    target: request.url ?? "",
    version: "HTTP/2",
    headers,
    tls: tlsOf(socket),
    address: addressOf(socket),
    upgrade: false,
  };
}

/** Whether a body follows, by the fields that say so (RFC 9112, 6.3). */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

export function tlsOf(socket: object): RawRequest["tls"] {
  const { encrypted, servername, getProtocol } = socket as TLSSocket & { servername?: string | false };
  if (!encrypted) return undefined;
  return { version: getProtocol.call(socket) ?? "", serverName: String(servername || "").toLowerCase() };
}

/** Without the prefix of IPv4 addresses that came in by IPv6. */
export function addressOf({ remoteAddress = "" }: { remoteAddress?: string }): string {
  return remoteAddress.replace(/^::ffff:/i, "");
}
