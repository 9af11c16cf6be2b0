import { randomBytes } from "node:crypto";
import type { Tunnel, Zone } from "../clouds/cloudflare/model";
import type { CloudflareWorld } from "../clouds/cloudflare/world";
import { type Decision, loggedPath } from "./decisions";
import type { Exchange } from "./exchange";
import { failurePage } from "./failurePage";
import { type Failure, failures } from "./failures";
import type { Geography } from "./geography";
import { answerHeaders, cleaned, forwardedHeaders, headerOf } from "./headers";
import { type Layers, throughLayers } from "./layers";
import { askOrigin, discard, type Tunnels } from "./origin";
import type { EdgeRequest, EdgeResponse, HeaderList, Layer, Step } from "./request";
import { BodyTooLarge } from "./requestBody";
import { type Asked, type RawRequest, readForm } from "./requestForm";
import { route, teamOf, zoneOfHost } from "./routing";
import { type ZoneRules, zoneRules } from "./zoneRules";

export interface FrontOptions {
  world: CloudflareWorld;
  layers: Layers;
  tunnels: Tunnels;
  geography: Pick<Geography, "countryOf">;
  log(line: Decision): void;
}

/** Longest method that the log shows, in characters: HTTP/2 carries any word. */
const longestMethod = 64;

/** What is known of a request by the time it is answered. */
interface Trace {
  ray: string;
  asked?: Asked;
  /** Of the zone, for answers over HTTPS. */
  security?: ZoneRules["security"];
  tunnel?: Tunnel;
  steps: Step[];
}

/** Who answers, why, and how. */
interface Outcome {
  by: Layer;
  reason: string;
  status: number;
  send(): void;
}

/**
 * Takes each request through the layers to its answer, and logs one line about it:
 * form → zone and record → HTTPS → firewall → Access → tunnel.
 */
export function createFront(options: FrontOptions): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const { raw } = exchange;
    const started = performance.now();
    const trace: Trace = { ray: randomBytes(8).toString("hex"), steps: [] };
    const outcome = await decide(options, exchange, trace).catch((error: Error) => broken(exchange, trace, error));
    options.log({
      kind: "request",
      time: new Date().toISOString(),
      ray: trace.ray,
      client: raw.address,
      country: options.geography.countryOf(raw.address),
      method: raw.method.slice(0, longestMethod),
      host: trace.asked?.host ?? headerOf(raw.headers, "host")?.slice(0, 255) ?? "",
      path: loggedPath(trace.asked?.target ?? raw.target),
      status: outcome.status,
      by: outcome.by,
      reason: outcome.reason,
      steps: trace.steps,
      ...(trace.tunnel ? { tunnel: trace.tunnel.id } : {}),
      milliseconds: Math.round(performance.now() - started),
    });
    try {
      if (outcome.status !== failures.clientGone.status) outcome.send();
    } catch (error) {
      // One connection in a state that was not foreseen must not end the process.
      process.stderr.write(`edge: ${(error as Error).stack}\n`);
    }
  };
}

async function decide(options: FrontOptions, exchange: Exchange, trace: Trace): Promise<Outcome> {
  const { world, layers } = options;
  const { raw } = exchange;
  const fail = (failure: Failure, reason: string) => failed(exchange, trace, failure, reason);

  // Rules about addresses would not see such a client, yet an origin would: it left right after it had asked.
  if (raw.address === "") return fail(failures.clientGone, "the client left before its address was known");
  const asked = readForm(raw);
  if ("failure" in asked) return fail(asked.failure, asked.reason);
  trace.asked = asked;
  const zone = zoneOfHost(world, asked.host);
  const team = teamOf(world, asked.host)?.team;
  if (!nameFits(world, raw, asked.host, zone)) return fail(failures.wrongServerName, "host and server name differ");
  const request = edgeRequest(options, exchange, trace, zone, asked);
  if (team !== undefined) {
    if (!raw.tls) return toHttps(exchange, trace, asked);
    return answered(exchange, trace, await layers.access.team(request, team), "access", "login pages");
  }
  if (!zone) return fail(failures.noSuchSite, "in no zone");

  const rules = zoneRules(world, zone);
  if (raw.tls) trace.security = rules.security;
  // The handshake was for another name, whose zone may be content with less.
  if (raw.tls && raw.tls.version < rules.lowestTls) {
    return fail(failures.wrongServerName, `${raw.tls.version} is older than the zone of the host allows`);
  }
  if (Number(headerOf(raw.headers, "content-length") ?? 0) > rules.largestBody) {
    return fail(failures.bodyTooLarge, "the body is larger than the plan allows");
  }
  const leads = route(world, zone, asked.host);
  if ("failure" in leads) return fail(leads.failure, leads.reason);
  trace.tunnel = leads.tunnel;
  if (!raw.tls && rules.alwaysUseHttps) return toHttps(exchange, trace, asked);

  // With WebSockets off the request goes on without its wish; what Cloudflare does could not be confirmed.
  request.websocket &&= rules.websockets;
  const passage = await throughLayers(layers, request, trace.steps);
  if ("answered" in passage) {
    return answered(exchange, trace, passage.answered, passage.by, trace.steps.at(-1)?.reason ?? "refused");
  }
  if (isReserved(asked.target)) return fail(failures.notOurs, "below /cdn-cgi/");

  const { method, host, target, websocket } = request;
  const forwarded = forwardedHeaders(request, passage);
  const answer = await askOrigin(
    options.tunnels,
    leads.tunnel.id,
    { method, host, target, headers: forwarded },
    { websocket, body: exchange.body, largestBody: rules.largestBody, signal: exchange.gone },
  );
  if (exchange.gone.aborted) {
    discard(answer);
    return fail(failures.clientGone, "the client left");
  }
  if ("failure" in answer) return fail(answer.failure, answer.reason);
  if ("websocket" in answer) {
    trace.steps.push({ by: "origin", verdict: "answer", reason: "opened the WebSocket" });
    return {
      by: "origin",
      reason: "WebSocket",
      status: 101,
      send: () => exchange.switchProtocols(finished(trace, answer.headers, passage.answerHeaders), answer.websocket),
    };
  }
  const { source: by, status } = answer;
  trace.steps.push({ by, verdict: by === "connector" ? "block" : "answer", reason: `answered ${status}` });
  if (by === "connector" && status === 502) {
    discard(answer);
    const page = failurePage(failures.badGateway, { ray: trace.ray, accept: headerOf(raw.headers, "accept") });
    return answered(exchange, trace, page, by, "the connector got no answer that it could pass on");
  }
  const cached: HeaderList = [["cf-cache-status", "DYNAMIC"]];
  const back = finished(trace, answer.headers, [...passage.answerHeaders, ...cached]);
  return {
    by,
    reason: `answered by the ${by}`,
    status,
    send: () => exchange.answer({ status, headers: back, body: answer.body }),
  };
}

/** What becomes of a request when a layer throws. */
function broken(exchange: Exchange, trace: Trace, error: Error): Outcome {
  if (exchange.gone.aborted) return failed(exchange, trace, failures.clientGone, "the client left");
  if (error instanceof BodyTooLarge) return failed(exchange, trace, failures.bodyTooLarge, error.message);
  process.stderr.write(`edge: ${error.stack ?? error.message}\n`);
  return failed(exchange, trace, failures.internal, "a fault of the edge");
}

/**
 * Whether the server name of the handshake fits the host asked for. Browsers use one connection for all names that its
 * certificate covers, so other names of the same account fit; any other name is refused as domain fronting.
 */
function nameFits(world: CloudflareWorld, raw: RawRequest, host: string, zone: Zone | undefined): boolean {
  if (!raw.tls || raw.tls.serverName === host) return true;
  const shown = zoneOfHost(world, raw.tls.serverName);
  return zone !== undefined && shown !== undefined && zone.accountId === shown.accountId;
}

function edgeRequest(
  options: FrontOptions,
  { raw, body }: Exchange,
  { ray }: Trace,
  zone: Zone | undefined,
  { host, target, websocket }: Asked,
): EdgeRequest {
  return {
    ray,
    zone,
    host,
    method: raw.method,
    target,
    version: raw.version,
    headers: [["host", host], ...cleaned(raw.headers).filter(([name]) => name !== "host")],
    client: { address: raw.address, country: options.geography.countryOf(raw.address) },
    tls: raw.tls?.version,
    websocket,
    body: (limit) => body.whole(limit),
  };
}

/** Whether a path is Cloudflare's own, however it is written. */
function isReserved(target: string): boolean {
  const path = target.split("?", 1)[0]!;
  const plain = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const resolved = new URL(`http://edge${plain.replace(/[/\\]+/g, "/").replace(/[?#]/g, "_")}`).pathname;
  return [path, resolved].some((form) => /^\/cdn-cgi(\/|$)/i.test(form));
}

function toHttps(exchange: Exchange, trace: Trace, { host, target }: Asked): Outcome {
  const page = failurePage({ status: 301, title: "301 Moved Permanently" }, { ray: trace.ray });
  const response = { ...page, headers: [...page.headers, ["location", `https://${host}${target}`]] as HeaderList };
  return answered(exchange, trace, response, "edge", "to HTTPS");
}

function failed(exchange: Exchange, trace: Trace, failure: Failure, reason: string): Outcome {
  const accept = headerOf(exchange.raw.headers, "accept");
  const response = failurePage(failure, { ray: trace.ray, accept });
  const number = failure.code === undefined ? "" : `error ${failure.code}: `;
  return answered(exchange, trace, response, "edge", `${number}${reason}`);
}

function answered(exchange: Exchange, trace: Trace, response: EdgeResponse, by: Layer, reason: string): Outcome {
  if (by === "edge") trace.steps.push({ by, verdict: response.status < 400 ? "answer" : "block", reason });
  const send = () => exchange.answer({ ...response, headers: finished(trace, response.headers, []) });
  return { by, reason, status: response.status, send };
}

function finished({ ray, security }: Trace, headers: HeaderList, added: HeaderList): HeaderList {
  return answerHeaders(headers, { ray, security, added });
}
