import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as plainRequest } from "node:http";
import { connect as connectHttp2, type IncomingHttpHeaders as Http2Headers } from "node:http2";
import { request as secureRequest } from "node:https";
import { connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Front } from "./frontWorld";

/** Without one Browser Integrity Check refuses. */
export const userAgent = "Mozilla/5.0 (X11; Linux x86_64)";

/** The part of a front that clients need. */
export type Target = Pick<Front, "ca"> & { edge: Pick<Front["edge"], "ports"> };

export interface Question {
  /** Path and query, sent as they stand. */
  path?: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
  /** By HTTP instead of HTTPS. */
  plain?: boolean;
  /** Server name of the handshake. Default: the host. */
  serverName?: string;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The whole `cf-ray`. */
  ray: string | undefined;
}

/** One request by HTTP/1.1. */
export function ask({ edge, ca }: Target, host: string, question: Question = {}): Promise<Reply> {
  const { path = "/", method = "GET", headers = {}, body, plain = false, serverName = host } = question;
  const { ports } = edge;
  const common = { host: "127.0.0.1", port: plain ? ports.http : ports.https, path, method, agent: false as const };
  const all = { host, "user-agent": userAgent, ...headers };
  return new Promise((resolve, reject) => {
    const sent = plain
      ? plainRequest({ ...common, headers: all })
      : secureRequest({ ...common, headers: all, servername: serverName, ca });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          ray: response.headers["cf-ray"] as string | undefined,
        }),
      );
    });
    sent.end(body);
  });
}

/** One request by HTTP/2, with pseudo fields as given. */
export async function askHttp2(
  { edge, ca }: Target,
  serverName: string,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<{ status: number; headers: Http2Headers; body: string }> {
  const session = connectHttp2(`https://${serverName}`, {
    createConnection: () =>
      connectTls({ host: "127.0.0.1", port: edge.ports.https, servername: serverName, ca, ALPNProtocols: ["h2"] }),
  });
  try {
    return await new Promise((resolve, reject) => {
      session.once("error", reject);
      const stream = session.request(headers, { endStream: body === undefined });
      let answer: Http2Headers = {};
      const chunks: Buffer[] = [];
      stream.once("response", (given) => {
        answer = given;
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("error", reject);
      stream.once("end", () =>
        resolve({ status: Number(answer[":status"]), headers: answer, body: Buffer.concat(chunks).toString() }),
      );
      if (body !== undefined) stream.end(body);
    });
  } finally {
    session.close();
  }
}

/** Sends bytes and returns all that comes back until the other side ends. */
export function send({ edge, ca }: Target, bytes: string | Buffer, serverName?: string): Promise<string> {
  const { ports } = edge;
  const socket = serverName
    ? connectTls({ host: "127.0.0.1", port: ports.https, servername: serverName, ca, ALPNProtocols: ["http/1.1"] })
    : connectTcp({ host: "127.0.0.1", port: ports.http });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.once("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
    socket.write(bytes);
  });
}

/** Shakes hands and says what came of it: the protocol, or the code of the error. */
export function shakeHands({ edge, ca }: Target, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: "127.0.0.1", port: edge.ports.https, ca, ...options });
    socket.once("secureConnect", () => {
      resolve(`${socket.getProtocol()} ${socket.alpnProtocol || "-"}`);
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
