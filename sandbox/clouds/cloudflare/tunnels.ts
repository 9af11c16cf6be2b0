import { randomBytes, randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { sendPage, success, timestamp } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import { configurationSchema, ingressFault } from "./ingress";
import type { Tunnel } from "./model";
import { connectors, dropConnections, tunnelStatus } from "./tunnelConnections";
import { accountOf, type CloudflareWorld } from "./world";

/** Tunnels of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const tunnelsPerAccount = 1000;

const smallestSecret = 32;
const secret = z
  .string()
  .refine((text) => isSecret(text), `must be at least ${smallestSecret} bytes and encoded as a base64 string`);
const name = z.string().min(1, "is required");
const create = z.object({
  name,
  config_src: z.enum(["local", "cloudflare"]).default("local"),
  tunnel_secret: secret.nullish(),
});
const update = z.object({ name, tunnel_secret: secret }).partial();
const refusal = { code: 1001, prefix: "Bad request: " };

export function registerTunnels(app: FastifyInstance, world: CloudflareWorld): void {
  const base = "/accounts/:account/cfd_tunnel";
  const { state } = world;

  app.post(base, async (request) => {
    const account = accountOf(world, request);
    const body = parseBody(create, request.body, refusal);
    refuseTakenName(world, account.id, body.name);
    if (liveTunnels(world, account.id).length >= tunnelsPerAccount) {
      throw new CloudflareError(400, 1045, `You have reached the limit of ${tunnelsPerAccount} tunnels`);
    }
    const tunnel: Tunnel = {
      id: randomUUID(),
      account_tag: account.id,
      name: body.name,
      config_src: body.config_src,
      created_at: timestamp(),
      deleted_at: null,
      conns_active_at: null,
      conns_inactive_at: null,
      connections: [],
      secret: body.tunnel_secret ?? randomBytes(smallestSecret).toString("base64"),
      configuration: null,
    };
    state.tunnels[tunnel.id] = tunnel;
    return success(tunnelView(tunnel));
  });

  app.get(base, (request, reply) => {
    const account = accountOf(world, request);
    const query = request.query as Record<string, string>;
    const found = Object.values(state.tunnels)
      .filter((tunnel) => tunnel.account_tag === account.id)
      .filter((tunnel) => matches(tunnel, query));
    return sendPage(request, reply, found.map(tunnelView), { default: 20, most: 1000 });
  });
  app.get(`${base}/:tunnel`, async (request) => success(tunnelView(anyTunnel(world, request))));

  app.patch(`${base}/:tunnel`, async (request) => {
    const tunnel = liveTunnel(world, request);
    const changes = parseBody(update, request.body, refusal);
    if (changes.name !== undefined) refuseTakenName(world, tunnel.account_tag, changes.name, tunnel.id);
    tunnel.name = changes.name ?? tunnel.name;
    tunnel.secret = changes.tunnel_secret ?? tunnel.secret;
    return success(tunnelView(tunnel));
  });

  app.delete(`${base}/:tunnel`, async (request) => {
    const tunnel = liveTunnel(world, request);
    const { cascade } = request.query as { cascade?: string };
    if (tunnel.connections.length > 0 && cascade !== "true") {
      throw new CloudflareError(
        400,
        1022,
        "Cannot delete tunnel because it has active connections. Stop all connectors first.",
      );
    }
    dropConnections(tunnel);
    tunnel.deleted_at = timestamp();
    return success(tunnelView(tunnel));
  });

  app.get(`${base}/:tunnel/token`, async (request) => success(connectorToken(liveTunnel(world, request))));
  app.get(`${base}/:tunnel/connections`, async (request) => success(connectors(liveTunnel(world, request))));
  app.delete(`${base}/:tunnel/connections`, async (request) => {
    const tunnel = liveTunnel(world, request);
    const { client_id } = request.query as { client_id?: string };
    dropConnections(tunnel, client_id);
    return success(null);
  });

  app.put(`${base}/:tunnel/configurations`, async (request) => {
    const tunnel = liveTunnel(world, request);
    const { config, source } = parseBody(configurationSchema, request.body, refusal);
    const fault = ingressFault(config.ingress ?? []);
    if (fault) throw new CloudflareError(400, 1056, `Bad Configuration: ${fault}`);
    tunnel.configuration = {
      version: (tunnel.configuration?.version ?? 0) + 1,
      config,
      source: source ?? "cloudflare",
      created_at: timestamp(),
    };
    return success(configurationView(tunnel));
  });
  app.get(`${base}/:tunnel/configurations`, async (request) => success(configurationView(liveTunnel(world, request))));
}

/** What a connector is started with: account, tunnel and secret in one (cloudflared `connection.TunnelToken`). */
export function connectorToken(tunnel: Tunnel): string {
  const content = { a: tunnel.account_tag, t: tunnel.id, s: tunnel.secret };
  return Buffer.from(JSON.stringify(content)).toString("base64");
}

function tunnelView(tunnel: Tunnel) {
  const { secret: _, configuration: __, connectors: ___, ...shown } = tunnel;
  return {
    ...shown,
    status: tunnelStatus(tunnel),
    tun_type: "cfd_tunnel",
    remote_config: tunnel.config_src === "cloudflare",
    metadata: {},
  };
}

function configurationView(tunnel: Tunnel) {
  const never = { version: 0, config: null, source: tunnel.config_src, created_at: tunnel.created_at };
  return { tunnel_id: tunnel.id, account_id: tunnel.account_tag, ...(tunnel.configuration ?? never) };
}

function liveTunnels(world: CloudflareWorld, accountId: string): Tunnel[] {
  return Object.values(world.state.tunnels).filter(
    (tunnel) => tunnel.account_tag === accountId && tunnel.deleted_at === null,
  );
}

/** Deleted tunnels can still be read, with the time of their deletion. */
function anyTunnel(world: CloudflareWorld, request: FastifyRequest): Tunnel {
  const account = accountOf(world, request);
  const tunnel = world.state.tunnels[(request.params as { tunnel: string }).tunnel];
  if (tunnel?.account_tag !== account.id) throw tunnelNotFound();
  return tunnel;
}

function liveTunnel(world: CloudflareWorld, request: FastifyRequest): Tunnel {
  const tunnel = anyTunnel(world, request);
  if (tunnel.deleted_at !== null) throw tunnelNotFound();
  return tunnel;
}

function tunnelNotFound(): CloudflareError {
  return new CloudflareError(404, 1003, "Tunnel not found");
}

function refuseTakenName(world: CloudflareWorld, accountId: string, wanted: string, except?: string): void {
  if (liveTunnels(world, accountId).some((tunnel) => tunnel.name === wanted && tunnel.id !== except)) {
    throw new CloudflareError(409, 1013, "You already have a tunnel with this name");
  }
}

function matches(tunnel: Tunnel, query: Record<string, string>): boolean {
  const deleted = tunnel.deleted_at !== null;
  return (
    (query.name === undefined || tunnel.name === query.name) &&
    (query.uuid === undefined || tunnel.id === query.uuid) &&
    (query.is_deleted === undefined || String(deleted) === query.is_deleted) &&
    (query.status === undefined || tunnelStatus(tunnel) === query.status) &&
    (query.include_prefix === undefined || tunnel.name.startsWith(query.include_prefix)) &&
    (query.exclude_prefix === undefined || !tunnel.name.startsWith(query.exclude_prefix))
  );
}

function isSecret(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && Buffer.from(text, "base64").length >= smallestSecret;
}
