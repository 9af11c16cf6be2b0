import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type RequestLog, requestEntry } from "./requestLog";
import type { Store } from "./store";

/** A refusal, in the words of the cloud that refuses. */
export abstract class Refusal extends Error {
  abstract readonly status: number;
  /** What the request log calls it. */
  abstract readonly code: string | number;
  abstract body(): unknown;
  headers(): Record<string, string> {
    return {};
  }
}

/** How one cloud words what every HTTP API has to refuse. */
export interface CommonRefusals {
  invalidJson(reason: string): Refusal;
  noRoute(request: FastifyRequest): Refusal;
  methodNotAllowed(request: FastifyRequest): Refusal;
  /** A fault of the emulator itself. */
  internal(error: Error): Refusal;
}

export interface ApiOptions {
  /** Name in the request log. */
  cloud: string;
  store: Store<object>;
  refusals: CommonRefusals;
  log?: RequestLog;
}

/** Largest request body accepted, in bytes. */
const bodyLimit = 4 * 1024 * 1024;

/**
 * An HTTP API over a store: answers are sent only after what they promise is in the state file, and every error leaves
 * in the cloud's own envelope.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
  });
  const routes: { method: string; pattern: RegExp }[] = [];

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => {
    if (text === "") return done(null, undefined);
    try {
      done(null, JSON.parse(text as string));
    } catch (error) {
      done(options.refusals.invalidJson((error as Error).message));
    }
  });

  app.addHook("onRoute", (route) => {
    for (const method of [route.method].flat()) routes.push({ method, pattern: routePattern(route.url) });
  });
  app.addHook("onSend", async (request, _reply, payload) => {
    if (request.method !== "GET" && request.method !== "HEAD") await options.store.save();
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => {
    options.log?.(requestEntry(options.cloud, request, reply));
  });

  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const known = routes.some((route) => route.pattern.test(path));
    return refuse(
      request,
      reply,
      known ? options.refusals.methodNotAllowed(request) : options.refusals.noRoute(request),
    );
  });
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) =>
    refuse(request, reply, error instanceof Refusal ? error : framework(error, options.refusals)),
  );
  return app;
}

function framework(error: FastifyError, refusals: CommonRefusals): Refusal {
  const ofClient = error.statusCode !== undefined && error.statusCode < 500;
  if (!ofClient) process.stderr.write(`${error.stack ?? error.message}\n`);
  return ofClient ? refusals.invalidJson(error.message) : refusals.internal(error);
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal) {
  Object.assign(request, { problemCode: refusal.code });
  return reply.status(refusal.status).headers(refusal.headers()).send(refusal.body());
}

/** `/v1/servers/:id` as an expression over paths. */
function routePattern(url: string): RegExp {
  const parts = url.split("/").map((part) => {
    if (part === "*") return ".*";
    return part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}/?$`);
}

/** Counts and names of what a cloud holds, kind by kind. */
export type Inventory = Record<string, { count: number; names: string[] }>;

export function inventoryOf(kinds: Record<string, Iterable<{ name?: string; id: string | number }>>): Inventory {
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, items]) => {
      const names = [...items].map((item) => item.name ?? String(item.id)).sort();
      return [kind, { count: names.length, names }];
    }),
  );
}
