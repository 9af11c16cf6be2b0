import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import {
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { Framing } from "../../../sandbox/edge/tunnel/capnp/framing";
import { StructReader } from "../../../sandbox/edge/tunnel/capnp/reader";
import { type FrameFields, recordedFrames, registerFrame } from "./recordedFrames";
import type { TestEdge, TestTunnel } from "./testEdge";

export type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface FakeOptions {
  index?: number;
  /** Id shared by the connections of one connector. Default: a new one. */
  id?: string;
  /** Where to dial. Default: the edge itself. */
  port?: number;
  /** Answers requests. Default: 200 with the path as body. */
  handle?: Handler;
  /** Answers pushed configurations. Default: as cloudflared does when it takes one. */
  configured?: (stream: ServerHttp2Stream, version: number) => void;
}

export type Registered = { connection: string; location: string; remotelyManaged: boolean };
export type Refused = { cause: string; retryAfter: bigint; shouldRetry: boolean };

/** The connector's side of one connection: dials the edge, serves HTTP/2 on it and sends the recorded frames. */
export class FakeConnector {
  readonly pushed: { version: number; config: unknown }[] = [];
  /** Settled when the edge has ended the connection. */
  readonly closed: Promise<unknown>;
  session!: ServerHttp2Session;
  private control!: ServerHttp2Stream;
  private readonly framing = new Framing(1024 * 1024);
  /** Bodies of messages that came, with their tags. */
  private readonly inbox: { tag: number; body: StructReader }[] = [];
  private arrived = () => {};

  private constructor(
    readonly socket: TLSSocket,
    private readonly options: FakeOptions,
    readonly id: string,
  ) {
    this.closed = once(socket, "close");
  }

  /** Dials, and returns once the edge has opened the control stream. */
  static async dial(edge: TestEdge, options: FakeOptions = {}): Promise<FakeConnector> {
    const socket = await dialTls(edge, options.port);
    const connector = new FakeConnector(socket, options, options.id ?? randomUUID());
    connector.session = performServerHandshake(socket);
    connector.session.on("error", () => {});
    const control = new Promise<ServerHttp2Stream>((resolve) => {
      connector.session.on("stream", (stream, headers) => {
        stream.on("error", () => {});
        const kind = headers["cf-cloudflared-proxy-connection-upgrade"];
        if (kind === "control-stream") resolve(stream);
        else if (kind === "update-configuration") void connector.takeConfiguration(stream);
        else (options.handle ?? echoPath)(stream, headers);
      });
    });
    connector.control = await control;
    connector.control.respond({ ":status": 200 });
    connector.control.on("data", (chunk: Buffer) => connector.take(chunk));
    return connector;
  }

  /** Dials and registers. @throws when the edge refuses */
  static async start(edge: TestEdge, tunnel: TestTunnel, options: FakeOptions = {}): Promise<FakeConnector> {
    const connector = await FakeConnector.dial(edge, options);
    const answer = await connector.register(tunnel);
    if ("cause" in answer) throw new Error(answer.cause);
    return connector;
  }

  async register({ tunnel }: TestTunnel, changes: Partial<FrameFields> = {}): Promise<Registered | Refused> {
    const fields: FrameFields = {
      accountTag: tunnel.account_tag,
      tunnelId: tunnel.id,
      secret: Buffer.from(tunnel.secret, "base64"),
      connector: this.id,
      index: this.options.index ?? 0,
      replaceExisting: false,
      afterBootstrap: false,
      ...changes,
    };
    this.send(recordedFrames.bootstrap);
    if (fields.afterBootstrap) {
      await this.answer(0);
      this.send(recordedFrames.finishBootstrap, registerFrame(fields));
      const answer = await this.answer(0);
      this.send(recordedFrames.finishBootstrap);
      return this.conclude(answer);
    }
    this.send(registerFrame(fields));
    await this.answer(0);
    this.send(recordedFrames.finishBootstrap);
    const answer = await this.answer(1);
    this.send(recordedFrames.finishRegister);
    return this.conclude(answer);
  }

  /** Says goodbye as cloudflared does on SIGTERM, and leaves the connection open. */
  async unregister(): Promise<void> {
    this.send(recordedFrames.unregister);
    await this.answer(1);
    this.send(recordedFrames.finishUnregister, recordedFrames.abort);
    this.control.end();
  }

  /** The edge's answer to a question; the first that has not been asked for yet. */
  async answer(question: number): Promise<StructReader> {
    return this.find((message) => message.tag === 3 && message.body.uint32(0) === question);
  }

  /** Why the edge gave up, in its words. */
  async aborted(): Promise<string> {
    return (await this.find((message) => message.tag === 1)).text(0, 4096);
  }

  /** Sends bytes on the control stream. */
  send(...frames: Buffer[]): void {
    for (const frame of frames) this.control.write(frame);
  }

  /** Ends the control stream and nothing else. */
  hangUp(): void {
    this.control.end();
  }

  /** Dies without a word. */
  kill(): void {
    this.socket.destroy();
  }

  /** cloudflared leaves when it was refused. */
  private conclude(answer: StructReader): Registered | Refused {
    const response = readResponse(answer);
    if ("cause" in response) {
      this.send(recordedFrames.abort);
      this.control.end();
    }
    return response;
  }

  private async find(wanted: (message: { tag: number; body: StructReader }) => boolean): Promise<StructReader> {
    for (;;) {
      const place = this.inbox.findIndex(wanted);
      if (place >= 0) return this.inbox.splice(place, 1)[0]!.body;
      const next = new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
      await Promise.race([next, this.closed]);
      if (this.socket.destroyed && !this.inbox.some(wanted)) throw new Error("the edge closed the connection");
    }
  }

  private take(chunk: Buffer): void {
    for (const segment of this.framing.push(chunk)) {
      const message = StructReader.root(segment);
      this.inbox.push({ tag: message.uint16(0), body: message.struct(0) });
    }
    this.arrived();
  }

  private async takeConfiguration(stream: ServerHttp2Stream): Promise<void> {
    const text = (await stream.setEncoding("utf8").toArray()).join("");
    const { version, config } = JSON.parse(text) as { version: number; config: unknown };
    this.pushed.push({ version, config });
    if (this.options.configured) return this.options.configured(stream, version);
    stream.respond({ ":status": 200 });
    stream.end(JSON.stringify({ lastAppliedVersion: version, err: null }));
  }
}

export async function dialTls(edge: TestEdge, port = edge.port): Promise<TLSSocket> {
  const ca = await readFile(edge.caFile);
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername: "h2.cftunnel.com",
    ca,
    minVersion: "TLSv1.3",
  });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

/** Answers as cloudflared passes an origin's answer on: its fields packed into one. */
export function respond(stream: ServerHttp2Stream, status: number, fields: [string, string][] = []): void {
  stream.respond({ ":status": status, ...packed(fields), "cf-cloudflared-response-meta": '{"src":"origin"}' });
}

export function packed(fields: [string, string][]): OutgoingHttpHeaders {
  const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64").replace(/=+$/, "");
  const text = fields.map(([name, value]) => `${base64(name)}:${base64(value)}`).join(";");
  return { "cf-cloudflared-response-headers": text };
}

function echoPath(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  respond(stream, 200, [["Content-Type", "text/plain"]]);
  stream.end(headers[":path"]);
}

function readResponse(answer: StructReader): Registered | Refused {
  const response = answer.struct(0).struct(0).struct(0);
  const body = response.struct(0);
  if (response.uint16(0) === 0) {
    return { cause: body.text(0, 4096), retryAfter: body.uint64(0), shouldRetry: body.bool(64) };
  }
  return { connection: body.data(0, 16).toString("hex"), location: body.text(1, 64), remotelyManaged: body.bool(0) };
}
