import { type ClientHttp2Session, constants } from "node:http2";
import { z } from "zod";

/** A version of a tunnel's rules, as the API holds it. */
export interface Configuration {
  version: number;
  config: unknown;
}

/** What a connector made of a pushed configuration. */
export type PushOutcome =
  | { version: number; applied: true }
  /** `reason` in words; cloudflared keeps its own reason to its log. */
  | { version: number; applied: false; reason: string };

/** cloudflared writes an error as an object without fields, so only its presence counts. */
const replySchema = z.object({ lastAppliedVersion: z.int(), err: z.unknown() });

/** Largest reply that is read, in bytes. */
const largestReply = 64 * 1024;

/** Brings one connector to the newest configuration and keeps it there, one push at a time. */
export class ConfigurationPush {
  private tried = 0;
  private busy = false;
  private last = Promise.resolve();

  /**
   * @param newest the tunnel's configuration, undefined while it has none: the connector then answers 503 by itself
   * @param timeout milliseconds for one reply
   */
  constructor(
    private readonly session: ClientHttp2Session,
    private readonly newest: () => Configuration | undefined,
    private readonly report: (outcome: PushOutcome) => void,
    private readonly timeout: number,
  ) {}

  /** Resolves when the connector has answered to the newest configuration. */
  follow(): Promise<void> {
    if (!this.busy) this.last = this.run();
    return this.last;
  }

  private async run(): Promise<void> {
    this.busy = true;
    for (let next = this.newest(); next && next.version > this.tried; next = this.newest()) {
      this.tried = next.version;
      this.report(await push(this.session, next, this.timeout));
    }
    this.busy = false;
  }
}

async function push(session: ClientHttp2Session, next: Configuration, timeout: number): Promise<PushOutcome> {
  const { version } = next;
  try {
    const reply = replySchema.parse(JSON.parse(await exchange(session, JSON.stringify(next), timeout)));
    if (reply.err === null && reply.lastAppliedVersion >= version) return { version, applied: true };
    return { version, applied: false, reason: `the connector stays at version ${reply.lastAppliedVersion}` };
  } catch {
    return { version, applied: false, reason: "the connector gave no usable reply" };
  }
}

function exchange(session: ClientHttp2Session, body: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "PUT",
      ":path": "/",
      "cf-cloudflared-proxy-connection-upgrade": "update-configuration",
    });
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), timeout);
    let reply = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      reply += text;
      if (reply.length > largestReply) stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.once("end", () => resolve(reply));
    stream.on("error", reject);
    stream.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the stream was closed"));
    });
    stream.end(body);
  });
}
