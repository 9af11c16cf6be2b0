import type { FastifyReply, FastifyRequest } from "fastify";

/** One request as it is written to the log: what was asked and how it went, without secrets. */
export interface RequestEntry {
  time: string;
  cloud: string;
  method: string;
  /** Path with query. */
  path: string;
  status: number;
  /** Milliseconds until the answer was sent. */
  took: number;
  client?: string;
  body?: unknown;
  /** Code of the error in the answer. */
  error?: string | number;
}

export type RequestLog = (entry: RequestEntry) => void;

/** Properties whose value never enters the log, at any depth of a body. */
const secretNames = new Set([
  "user_data",
  "tunnel_secret",
  "client_secret",
  "client_secret_secondary",
  "password",
  "root_password",
  "secret",
  "token",
  "private_key",
]);

/** The value with every secret replaced by a mark. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.has(name) && inner !== null ? "[secret]" : withoutSecrets(inner),
    ]),
  );
}

export function requestEntry(cloud: string, request: FastifyRequest, reply: FastifyReply): RequestEntry {
  const hasBody = typeof request.body === "object" && request.body !== null && Object.keys(request.body).length > 0;
  const error = (request as { problemCode?: string | number }).problemCode;
  return {
    time: new Date().toISOString(),
    cloud,
    method: request.method,
    path: request.url,
    status: reply.statusCode,
    took: Math.round(reply.elapsedTime),
    client: request.headers["user-agent"],
    ...(hasBody ? { body: withoutSecrets(request.body) } : {}),
    ...(error === undefined ? {} : { error }),
  };
}
