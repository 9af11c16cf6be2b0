import type { z } from "zod";
import { type CommonRefusals, Refusal } from "../api";

/** Statuses of https://docs.hetzner.cloud/reference/cloud#description/errors; every other code is an operation's own. */
const statusOf: Record<string, number> = {
  json_error: 400,
  unauthorized: 401,
  token_readonly: 401,
  forbidden: 403,
  resource_limit_exceeded: 403,
  not_found: 404,
  method_not_allowed: 405,
  uniqueness_error: 409,
  conflict: 409,
  deprecated_api_endpoint: 410,
  resource_unavailable: 412,
  locked: 423,
  protected: 423,
  rate_limit_exceeded: 429,
  server_error: 500,
};

const operationStatus = 422;

export class HetznerError extends Refusal {
  readonly status: number;

  constructor(
    readonly code: string,
    message: string,
    readonly details: unknown = null,
    status?: number,
  ) {
    super(message);
    this.status = status ?? statusOf[code] ?? operationStatus;
  }

  body() {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

/** `invalid_input` with one entry per faulty field. */
export function invalidInput(faults: { name: string; messages: string[] }[]): HetznerError {
  const first = faults[0];
  return new HetznerError("invalid_input", `invalid input in field '${first?.name}': ${first?.messages.join(", ")}`, {
    fields: faults,
  });
}

export function invalidField(name: string, message: string): HetznerError {
  return invalidInput([{ name, messages: [message] }]);
}

export function notFound(kind: string, id: string | number): HetznerError {
  return new HetznerError("not_found", `${kind} with ID '${id}' not found`);
}

export function notUnique(message: string, field: string): HetznerError {
  return new HetznerError("uniqueness_error", message, { fields: [{ name: field }] });
}

export function limitExceeded(message: string, limit: string): HetznerError {
  return new HetznerError("resource_limit_exceeded", message, { limits: [{ name: limit }] });
}

/** Checks a request body and returns it typed. @throws HetznerError `invalid_input` with every faulty field. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const faults = new Map<string, string[]>();
  for (const issue of result.error.issues) {
    const name = issue.path.map(String).join(".") || "body";
    faults.set(name, [...(faults.get(name) ?? []), issue.message]);
  }
  throw invalidInput([...faults].map(([name, messages]) => ({ name, messages })));
}

export const commonRefusals: CommonRefusals = {
  invalidJson: (reason) => new HetznerError("json_error", `invalid JSON in request: ${reason}`),
  noRoute: () => new HetznerError("not_found", "the requested resource was not found"),
  methodNotAllowed: (request) => new HetznerError("method_not_allowed", `method ${request.method} is not allowed here`),
  internal: (error) => new HetznerError("server_error", error.message),
};
