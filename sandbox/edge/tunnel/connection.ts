import { type ClientHttp2Session, connect } from "node:http2";
import type { TLSSocket } from "node:tls";
import { type Configuration, ConfigurationPush, type PushOutcome } from "./configuration";
import type { TunnelLimits } from "./limits";
import { serveControlStream } from "./rpc/controlStream";
import type { Registration, RegistrationAnswer } from "./rpc/registration";

/** What a connection tells the edge that it belongs to. */
export interface ConnectionEvents {
  register(connection: ConnectorConnection, registration: Registration): Promise<RegistrationAnswer>;
  /** The connector says goodbye: what is open goes on, nothing new is sent. */
  unregister(connection: ConnectorConnection): void;
  localConfiguration(connection: ConnectorConnection, json: Buffer): void;
  /** The newest configuration for it, undefined when there is none to push. */
  configuration(connection: ConnectorConnection): Configuration | undefined;
  configured(connection: ConnectorConnection, outcome: PushOutcome): void;
  gone(connection: ConnectorConnection, reason: string): void;
}

/** Who a registered connection belongs to. */
export interface Registered {
  /** Id of the connection, a UUID that the edge gave it. */
  id: string;
  tunnelId: string;
  index: number;
  connector: Registration["connector"];
}

/** Window of one stream, in bytes, and the largest head of an answer. */
const streamWindow = 1024 * 1024;
const largestHead = 256 * 1024;
/** Memory a connection's requests may hold before new ones are refused, in MB. */
const sessionMemory = 256;

/**
 * One connection of a connector. The connector dialed, but it is the HTTP/2 server on it: the edge sends the requests,
 * and the first of them is the stream on which the connector registers.
 */
export class ConnectorConnection {
  readonly session: ClientHttp2Session;
  readonly address: string;
  /** Set when the registration was accepted. */
  registered: Registered | undefined;
  /** Counted up whenever the connection is chosen for a request. */
  lastUsed = 0;
  /** Resolves when the connector has answered to its first configuration, or is gone. */
  readonly ready: Promise<void>;

  private phase: "new" | "open" | "ready" | "leaving" | "gone" = "new";
  private reason = "the connection was lost";
  private readonly push: ConfigurationPush;
  private readonly timers: NodeJS.Timeout[];
  private settleReady!: () => void;

  constructor(
    socket: TLSSocket,
    private readonly events: ConnectionEvents,
    private readonly limits: TunnelLimits,
  ) {
    this.address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    this.ready = new Promise((resolve) => {
      this.settleReady = resolve;
    });
    this.session = connect("https://h2.cftunnel.com", {
      createConnection: () => socket,
      maxSessionMemory: sessionMemory,
      settings: { enablePush: false, initialWindowSize: streamWindow, maxHeaderListSize: largestHead },
    });
    this.session.on("error", (error) => {
      this.reason = error.message;
    });
    this.session.once("close", () => this.ended());
    this.push = new ConfigurationPush(
      this.session,
      () => events.configuration(this),
      (outcome) => events.configured(this, outcome),
      limits.configuration,
    );
    this.timers = [
      setTimeout(() => this.registered || this.close("it did not register in time"), limits.registration),
      setInterval(() => this.ping(), limits.ping),
    ];
    this.control().catch((error: Error) => this.close(error.message));
  }

  /** Whether requests may be sent. */
  get usable(): boolean {
    return this.phase === "ready" && !this.session.closed && !this.session.destroyed;
  }

  /** Whether it is registered and waits for its first configuration. */
  get preparing(): boolean {
    return this.phase === "open" && !this.session.destroyed;
  }

  /** Pushes the newest configuration unless the connector has been sent it. */
  configure(): void {
    if (this.phase === "open" || this.phase === "ready") void this.push.follow();
  }

  /** Ends the connection at once, with all that is open on it. */
  close(reason: string): void {
    this.reason = reason;
    this.session.destroy();
  }

  /** Whether the other side still answers; it is closed when it does not. */
  answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const silent = setTimeout(() => {
        this.close("it did not answer a ping");
        resolve(false);
      }, this.limits.pong);
      const answered = (error: Error | null) => {
        clearTimeout(silent);
        resolve(error === null);
      };
      try {
        // With more pings on their way than Node keeps, one of those will tell.
        if (!this.session.ping(answered)) answered(null);
      } catch (error) {
        answered(error as Error);
      }
    });
  }

  private ping(): void {
    if (!this.session.destroyed) void this.answers();
  }

  private async control(): Promise<void> {
    const stream = this.session.request(
      { ":method": "GET", ":path": "/", "cf-cloudflared-proxy-connection-upgrade": "control-stream" },
      { endStream: false },
    );
    stream.on("error", () => {}); // an error ends the session as well, which is what counts
    try {
      const aborted = await serveControlStream(stream, {
        register: (registration) => this.events.register(this, registration),
        registered: () => void this.open(),
        unregister: () => {
          this.phase = "leaving";
          this.events.unregister(this);
        },
        localConfiguration: (json) => this.events.localConfiguration(this, json),
      });
      if (this.session.closed) return; // the stream ended with the connection
      stream.end();
      if (this.phase === "leaving") this.session.close();
      else this.close(aborted ?? "its control stream ended");
    } catch (error) {
      // A moment for the connector to read why.
      if (stream.writable) await new Promise((resolve) => stream.end(resolve));
      if (!this.session.destroyed) this.close((error as Error).message);
    }
  }

  private async open(): Promise<void> {
    this.phase = "open";
    await this.push.follow();
    if (this.phase === "open") this.phase = "ready";
    this.settleReady();
  }

  private ended(): void {
    this.phase = "gone";
    for (const timer of this.timers) clearTimeout(timer);
    this.settleReady();
    this.events.gone(this, this.reason);
  }
}
