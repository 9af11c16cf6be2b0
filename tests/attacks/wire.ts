import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect } from "node:tls";
import type { World } from "../../sandbox/world";

/** Name under which an agent notes that a request reached it. */
export const probeHeader = "x-creel-probe";

/** A request byte by byte, as an attacker would write it: nothing is normalised, completed or refused on the way out. */
export interface RawRequest {
  /** Server name of the TLS handshake, and host header unless `headers` has one. */
  host: string;
  /** Default: GET. */
  method?: string;
  /** Path and query, sent as they are. Default: /. */
  target?: string;
  /** In this order. Default: none but the host and the probe. */
  headers?: [string, string][];
  /** Default: none. */
  body?: string;
  /** Address of this computer that it comes from. Default: the gateway's. */
  from?: string;
}

/** What came back. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** The probe by which the agent would know the request again. */
  probe: string;
}

/** Without one the browser integrity check would refuse everything, and no other layer be put to the test. */
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";

/** Seconds after which a connection that says nothing is given up. */
const patience = 15;

/** Sends one request over HTTP/1.1 and reads the answer to the end of the connection, or of the upgrade's head. */
export async function sendRaw(world: World, request: RawRequest): Promise<RawAnswer> {
  const probe = randomUUID();
  const { host, method = "GET", target = "/", headers = [], body = "" } = request;
  const named = headers.some(([name]) => name.toLowerCase() === "host");
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(named ? [] : [`Host: ${host}`]),
    `${probeHeader}: ${probe}`,
    `User-Agent: ${userAgent}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...(headers.some(([name]) => name.toLowerCase() === "connection") ? [] : ["Connection: close"]),
  ];
  const ca = await readFile(world.ca);
  const answer = await new Promise<string>((done, fail) => {
    const socket = connect({
      host: world.edge.address,
      port: 443,
      servername: host,
      ca,
      ALPNProtocols: ["http/1.1"],
      ...(request.from === undefined ? {} : { localAddress: request.from }),
    });
    const chunks: Buffer[] = [];
    const text = () => Buffer.concat(chunks).toString("latin1");
    socket.setTimeout(patience * 1000, () => socket.destroy(new Error(`${host} said nothing for ${patience} s`)));
    socket.once("secureConnect", () => socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      // An upgraded connection stays open: its head is all there is to see.
      if (text().startsWith("HTTP/1.1 101") && text().includes("\r\n\r\n")) socket.destroy();
    });
    socket.once("error", fail);
    socket.once("close", () => done(text()));
  });
  return { ...readAnswer(answer), probe };
}

/** Splits an answer as it came; a body in chunks is left in chunks. */
function readAnswer(text: string): Omit<RawAnswer, "probe"> {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...fields] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(" ")[1] ?? 0), headers, body: text.slice(end + 4) };
}
