import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { type CommonRefusals, Refusal } from "../api";

/** Statuses by id, of https://docs.digitalocean.com/reference/api/intro/#http-statuses and the operations' own. */
const statusOf: Record<string, number> = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  unprocessable_entity: 422,
  too_many_requests: 429,
  server_error: 500,
};

export class DigitalOceanError extends Refusal {
  readonly status: number;

  constructor(
    readonly code: string,
    message: string,
    private readonly more: Record<string, string> = {},
  ) {
    super(message);
    this.status = statusOf[code] ?? 422;
  }

  body() {
    return { id: this.code, message: this.message, request_id: randomUUID() };
  }

  override headers() {
    return this.more;
  }
}

/** The envelope that tags answer with, which is not that of the rest. */
export class TagError extends Refusal {
  readonly status = 400;
  readonly code = "bad_request";

  body() {
    const cause = `rpc error: code = InvalidArgument desc = ${this.message}`;
    return { error: this.message, messages: null, root_causes: [cause] };
  }
}

export function invalid(message: string): DigitalOceanError {
  return new DigitalOceanError("unprocessable_entity", message);
}

export function notFound(): DigitalOceanError {
  return new DigitalOceanError("not_found", "The resource you were accessing could not be found.");
}

/** An own entry of a table by an id that came from outside. @throws DigitalOceanError `not_found` */
export function found<T>(table: Record<string, T>, id: string): T {
  if (!Object.hasOwn(table, id)) throw notFound();
  return table[id] as T;
}

/** Checks a request body and returns it typed. @throws DigitalOceanError `unprocessable_entity`, with the first fault */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${issue?.path.map(String).join(".") || "body"}: ${issue?.message}`);
}

export const commonRefusals: CommonRefusals = {
  invalidJson: (reason) => new DigitalOceanError("bad_request", `invalid JSON in request: ${reason}`),
  noRoute: () => notFound(),
  methodNotAllowed: (request) => new DigitalOceanError("method_not_allowed", `${request.method} is not allowed here`),
  internal: (error) => new DigitalOceanError("server_error", error.message),
};
