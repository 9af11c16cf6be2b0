import type { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import type { CloudflareState, Tunnel } from "../../clouds/cloudflare/model";
import { connect, disconnect } from "../../clouds/cloudflare/tunnelConnections";
import type { ConnectorEvent } from "../decisions";
import { admissionFault, isTwin, liveTunnel } from "./admission";
import type { Configuration, PushOutcome } from "./configuration";
import { type ConnectionEvents, ConnectorConnection, type Registered } from "./connection";
import { TunnelUnavailable } from "./failures";
import { forward, forwardUpgrade, NotTaken, type TunnelRequest } from "./forwarding";
import type { TunnelEdge } from "./index";
import type { TunnelLimits } from "./limits";
import type { Registration, RegistrationAnswer } from "./rpc/registration";

interface Options {
  state: CloudflareState;
  report(event: ConnectorEvent): void;
  changed(): Promise<void>;
  limits: TunnelLimits;
}

/** Every connection of every tunnel. */
export class LiveTunnels implements TunnelEdge, ConnectionEvents {
  private readonly connections = new Set<ConnectorConnection>();
  private uses = 0;
  private closed = false;

  constructor(private readonly options: Options) {}

  accept(socket: TLSSocket): void {
    socket.on("error", () => {}); // told by the session as well
    if (this.closed || socket.destroyed) socket.destroy();
    else this.connections.add(new ConnectorConnection(socket, this, this.options.limits));
  }

  connected(tunnelId: string): boolean {
    return this.of(tunnelId).some((connection) => connection.usable || connection.preparing);
  }

  request(tunnelId: string, request: TunnelRequest, body: Readable | undefined, signal?: AbortSignal) {
    const patience = { answer: this.options.limits.answer, signal };
    return this.through(tunnelId, ({ session }) => forward(session, request, body, patience));
  }

  upgrade(tunnelId: string, request: TunnelRequest, signal?: AbortSignal) {
    const patience = { answer: this.options.limits.answer, signal };
    return this.through(tunnelId, ({ session }) => forwardUpgrade(session, request, patience));
  }

  sync(): void {
    for (const connection of this.connections) {
      const { registered } = connection;
      if (!registered) continue;
      const tunnel = liveTunnel(this.options.state, registered.tunnelId);
      if (!tunnel) connection.close("the tunnel was deleted");
      else if (!tunnel.connections.some(({ id }) => id === registered.id)) connection.close("the API dropped it");
      else connection.configure();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    const closing = [...this.connections].map(
      (connection) => new Promise<void>((resolve) => connection.session.once("close", resolve)),
    );
    for (const connection of this.connections) connection.close("the edge shuts down");
    await Promise.all(closing);
  }

  // What connections tell.

  async register(connection: ConnectorConnection, registration: Registration): Promise<RegistrationAnswer> {
    const { state } = this.options;
    const { tunnelId, index, connector } = registration;
    const fault = () => admissionFault(state, registration, this.registeredOf(tunnelId));
    if (fault()?.cause === "EDUPCONN") await this.makeRoom(registration);
    const refusal = fault();
    if (refusal) {
      this.report(registration, "refused", refusal.cause);
      return refusal;
    }
    const tunnel = liveTunnel(state, tunnelId) as Tunnel;
    const { id, colo_name: location } = connect(tunnel, {
      clientId: connector.id,
      version: connector.version,
      arch: connector.arch,
      features: connector.features,
      originIp: connection.address,
    });
    connection.registered = { id, tunnelId, index, connector };
    this.report(connection.registered, "registered", `connection ${id} from ${connection.address}`);
    this.save();
    return { connection: id, location, remotelyManaged: tunnel.config_src === "cloudflare" };
  }

  unregister(connection: ConnectorConnection): void {
    this.leave(connection, "the connector unregistered it");
  }

  localConfiguration({ registered }: ConnectorConnection, json: Buffer): void {
    const tunnel = registered && liveTunnel(this.options.state, registered.tunnelId);
    if (tunnel?.config_src !== "local") return;
    const config = z.looseObject({}).safeParse(parsed(json));
    if (!config.success) return;
    const version = (tunnel.configuration?.version ?? 0) + 1;
    tunnel.configuration = { version, config: config.data, source: "local", created_at: new Date().toISOString() };
    this.save();
  }

  configuration({ registered }: ConnectorConnection): Configuration | undefined {
    const tunnel = registered && liveTunnel(this.options.state, registered.tunnelId);
    if (tunnel?.config_src !== "cloudflare" || !tunnel.configuration) return undefined;
    return { version: tunnel.configuration.version, config: tunnel.configuration.config };
  }

  configured({ registered }: ConnectorConnection, outcome: PushOutcome): void {
    if (!registered) return;
    if (!outcome.applied) {
      this.report(registered, "config-refused", `version ${outcome.version}: ${outcome.reason}`);
      return;
    }
    this.report(registered, "configured", `version ${outcome.version}`);
    const connector = liveTunnel(this.options.state, registered.tunnelId)?.connectors?.[registered.connector.id];
    if (!connector || connector.config_version === outcome.version) return;
    connector.config_version = outcome.version;
    this.save();
  }

  gone(connection: ConnectorConnection, reason: string): void {
    this.connections.delete(connection);
    this.leave(connection, reason);
  }

  /** Books a connection out; once, as connectors say goodbye before they go. */
  private leave(connection: ConnectorConnection, reason: string): void {
    const { registered } = connection;
    if (!registered) return;
    connection.registered = undefined;
    const tunnel = this.options.state.tunnels[registered.tunnelId];
    if (tunnel) disconnect(tunnel, registered.id);
    this.report(registered, "gone", reason);
    this.save();
  }

  /** A connector may come back before the edge has noticed that its old connection is dead. */
  private async makeRoom(registration: Registration): Promise<void> {
    const twin = this.of(registration.tunnelId).find(({ registered }) =>
      isTwin(registered as Registered, registration),
    );
    if (!twin) return;
    if (registration.replaceExisting) twin.close("the connector replaced it");
    else if (await twin.answers()) return;
    await new Promise<void>((resolve) =>
      this.connections.has(twin) ? twin.session.once("close", resolve) : resolve(),
    );
  }

  private async through<T>(tunnelId: string, send: (connection: ConnectorConnection) => Promise<T>): Promise<T> {
    const tried = new Set<ConnectorConnection>();
    for (;;) {
      const connection = await this.next(tunnelId, tried);
      if (!connection) throw new TunnelUnavailable(`tunnel ${tunnelId} has no connection`);
      tried.add(connection);
      this.uses += 1;
      connection.lastUsed = this.uses;
      try {
        return await send(connection);
      } catch (error) {
        if (!(error instanceof NotTaken)) throw error;
      }
    }
  }

  /** The connection that has rested longest. While there is none yet, one that is being configured is waited for. */
  private async next(tunnelId: string, tried: Set<ConnectorConnection>): Promise<ConnectorConnection | undefined> {
    for (;;) {
      const candidates = this.of(tunnelId).filter((connection) => !tried.has(connection));
      const [rested] = candidates.filter(({ usable }) => usable).sort((a, b) => a.lastUsed - b.lastUsed);
      if (rested) return rested;
      const preparing = candidates.filter((connection) => connection.preparing);
      if (preparing.length === 0) return undefined;
      await Promise.race(preparing.map(({ ready }) => ready));
    }
  }

  private of(tunnelId: string): ConnectorConnection[] {
    return [...this.connections].filter(({ registered }) => registered?.tunnelId === tunnelId);
  }

  private registeredOf(tunnelId: string): Registered[] {
    return this.of(tunnelId).map(({ registered }) => registered as Registered);
  }

  private report(who: Omit<Registered, "id">, verdict: ConnectorEvent["verdict"], reason: string): void {
    this.options.report({
      kind: "connector",
      time: new Date().toISOString(),
      tunnel: who.tunnelId,
      verdict,
      reason,
      connector: who.connector.id,
      version: who.connector.version,
      replica: who.index,
    });
  }

  private save(): void {
    // A state that cannot be saved fails the next answer of the API, which says so.
    this.options.changed().catch(() => {});
  }
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return undefined;
  }
}
