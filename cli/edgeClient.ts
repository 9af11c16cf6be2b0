import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { buffer } from "node:stream/consumers";
import WebSocket from "ws";
import type { World } from "../sandbox/world";

/** What to send, beyond host and target. */
export interface EdgeSend {
  /** Default: GET. */
  method?: string;
  /** Header fields in the order they are sent; `host` replaces the one that goes with the server name. Default: none. */
  headers?: [name: string, value: string][];
  body?: string | Buffer;
  /** Whether to come in plain HTTP, on port 80. Default: HTTPS. */
  plain?: boolean;
}

/** An answer, read to its end. */
export interface EdgeAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** Id of the request, by which the edge's log knows it; empty where the answer has none. */
  ray: string;
}

/**
 * Comes to the sandbox's edge as anybody on the internet would: by name, over TLS that is checked.
 *
 * Sends exactly the target and headers it is given: no path is tidied up, and nothing is added but what HTTP needs.
 */
export class EdgeClient {
  private constructor(
    private readonly address: string,
    private readonly ca: Buffer,
  ) {}

  static async of(world: Pick<World, "edge" | "ca">): Promise<EdgeClient> {
    return new EdgeClient(world.edge.address, await readFile(world.ca));
  }

  /**
   * @param host name to come to, which the certificate must be for
   * @param target path and query as they are sent
   * @throws when there is no answer within 20 seconds
   */
  async request(host: string, target: string, send: EdgeSend = {}): Promise<EdgeAnswer> {
    const headers = send.headers?.some(([name]) => name.toLowerCase() === "host")
      ? send.headers
      : [["host", host] as const, ...(send.headers ?? [])];
    const length = send.body === undefined ? [] : [["content-length", `${Buffer.byteLength(send.body)}`] as const];
    const options: https.RequestOptions = {
      ...{ hostname: host, path: target, method: send.method ?? "GET", agent: false },
      ...{ ca: this.ca, servername: host, lookup: this.lookup, signal: AbortSignal.timeout(20_000) },
      headers: [...headers, ...length].flat() as never,
    };
    const request = send.plain ? http.request(options) : https.request(options);
    const answered = new Promise<http.IncomingMessage>((done, fail) => {
      request.once("response", done);
      request.once("error", fail);
    });
    request.end(send.body);
    const response = await answered;
    const text = (await buffer(response)).toString();
    const ray = String(response.headers["cf-ray"] ?? "").split("-")[0]!;
    return { status: response.statusCode!, headers: response.headers, text, ray };
  }

  /** Opens a WebSocket. @throws with the status in the message when the answer is another than 101 */
  async webSocket(host: string, target: string, headers: Record<string, string> = {}): Promise<WebSocket> {
    const socket = new WebSocket(`wss://${host}${target}`, {
      ...{ ca: this.ca, lookup: this.lookup, headers, handshakeTimeout: 20_000 },
    });
    await new Promise<void>((done, fail) => {
      socket.once("open", done);
      socket.once("error", fail);
    });
    return socket;
  }

  /** Every name is the edge's: this client never goes anywhere else. */
  private readonly lookup: LookupFunction = (_host, options, callback) => {
    if (options.all) callback(null, [{ address: this.address, family: 4 }]);
    else callback(null, this.address, 4);
  };
}
