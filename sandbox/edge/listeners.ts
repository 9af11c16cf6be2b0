import { createServer as createHttp1, type IncomingMessage } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTls, type SecureContext, type TLSSocket } from "node:tls";
import { addressOf, type Exchange, http1Exchange, http2Exchange, upgradeExchange } from "./exchange";
import { type Failure, failures } from "./failures";
import { longestHeaders, longestTarget } from "./requestForm";

export interface Listen {
  /** Address to listen on. */
  host: string;
  /** Port of browsers and webhook senders; 0 takes a free one. */
  https: number;
  http: number;
  /** Port of connectors. */
  tunnel: number;
}

/** Something that could not be read as a request. */
export interface Unreadable {
  address: string;
  serverName: string;
  failure: Failure;
  reason: string;
}

export interface ListenersOptions {
  listen: Listen;
  /** What to show for a server name; undefined ends the handshake. */
  certificate(serverName: string, tls: string, address: string): Promise<SecureContext | undefined>;
  tunnelCertificate: SecureContext;
  serve(exchange: Exchange): Promise<void>;
  /** Logs what could not be read, and gives the bytes of the answer. */
  refuse(what: Unreadable): string;
  tunnel(socket: TLSSocket): void;
}

export interface Listeners {
  /** The ports that were taken. */
  ports: Pick<Listen, "https" | "http" | "tunnel">;
  close(): Promise<void>;
}

/** How long a connection may be idle, in milliseconds: https://developers.cloudflare.com/fundamentals/reference/connection-limits/. */
const idle = 400_000;

/** Old versions of TLS need what OpenSSL's usual level forbids; a zone's own minimum decides. */
const anyTls = { minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" } as const;

/**
 * One port for HTTPS with HTTP/1.1, HTTP/2 and WebSockets, one for plain HTTP, one for connectors.
 *
 * A server name without certificate ends the handshake with the alert "handshake failure", as it does at Cloudflare.
 */
export async function openListeners(options: ListenersOptions): Promise<Listeners> {
  const { listen, serve } = options;
  const http1 = http1Server(options);
  const http2 = createHttp2({ settings: { maxHeaderListSize: longestTarget + longestHeaders, enablePush: false } });
  http2.on("request", (request, response) => void serve(http2Exchange(request, response)));
  http2.on("connect", (request, response) => void serve(http2Exchange(request, response)));
  http2.on("session", (session) => session.on("error", () => session.destroy()));

  const https = createTls({
    ...anyTls,
    ALPNProtocols: ["h2", "http/1.1"],
    // Called on the socket, of which the version is settled by then.
    SNICallback: function (this: unknown, name, done) {
      const socket = this as TLSSocket;
      options
        .certificate(name.toLowerCase(), socket.getProtocol() ?? "", addressOf(socket))
        .then((context) => done(null, context), done);
    },
  });
  https.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
  });

  const tunnels = createTls({
    minVersion: "TLSv1.3",
    SNICallback: (_, done) => done(null, options.tunnelCertificate),
  });
  tunnels.on("secureConnection", (socket) => options.tunnel(socket));
  for (const server of [https, tunnels]) server.on("tlsClientError", (_, socket) => socket.destroy());

  const opened: [Server, number][] = [
    [https, listen.https],
    [http1, listen.http],
    [tunnels, listen.tunnel],
  ];
  const connections = opened.map(([server]) => connectionsOf(server));
  const close = async () => {
    const closed = opened.map(([server]) => new Promise<void>((done) => void server.close(() => done())));
    for (const sockets of connections) for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  try {
    const [httpsPort, httpPort, tunnelPort] = [
      await listening(https, listen.host, listen.https),
      await listening(http1, listen.host, listen.http),
      await listening(tunnels, listen.host, listen.tunnel),
    ];
    return { ports: { https: httpsPort, http: httpPort, tunnel: tunnelPort }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** HTTP/1, on its own port and on TLS connections that are handed to it. */
function http1Server({ serve, refuse }: ListenersOptions) {
  const server = createHttp1({
    maxHeaderSize: longestTarget + longestHeaders,
    requireHostHeader: false,
    keepAliveTimeout: idle,
  });
  /** Answers under way, by connection: another's would end up among their bytes. */
  const busy = new WeakMap<object, number>();
  const leaving = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if ((busy.get(socket) ?? 0) > 0) socket.destroy();
    else void serve(upgradeExchange(request, socket, head));
  };
  server.on("request", (request, response) => {
    busy.set(request.socket, (busy.get(request.socket) ?? 0) + 1);
    response.once("close", () => busy.set(request.socket, (busy.get(request.socket) ?? 1) - 1));
    void serve(http1Exchange(request, response));
  });
  server.on("upgrade", leaving);
  server.on("connect", leaving);
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket & { servername?: string }) => {
    const { code = "" } = error;
    const left = !socket.writable || code === "ECONNRESET" || addressOf(socket) === "";
    if (left || (busy.get(socket) ?? 0) > 0) return void socket.destroy();
    const failure =
      { HPE_HEADER_OVERFLOW: failures.headersTooLarge, ERR_HTTP_REQUEST_TIMEOUT: failures.requestTimeout }[code] ??
      failures.badRequest;
    const serverName = socket.servername || "";
    socket.end(refuse({ address: addressOf(socket), serverName, failure, reason: unreadable(code) }));
  });
  return server;
}

/** Why HTTP's reader gave up, in words. */
function unreadable(code: string): string {
  const reasons: Record<string, string> = {
    HPE_HEADER_OVERFLOW: "header fields too large",
    HPE_UNEXPECTED_CONTENT_LENGTH: "several lengths of the body",
    HPE_INVALID_TRANSFER_ENCODING: "two lengths of the body, or an unknown encoding",
    HPE_INVALID_CONTENT_LENGTH: "an unreadable length of the body",
    ERR_HTTP_REQUEST_TIMEOUT: "the request did not arrive in time",
  };
  return reasons[code] ?? `not HTTP (${code})`;
}

function connectionsOf(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve((server.address() as { port: number }).port);
    });
  });
}
