import type { z } from "zod";
import { type CommonRefusals, Refusal } from "../api";

/** One entry of `errors` in an answer. */
export interface ApiFault {
  code: number;
  message: string;
  /** JSON pointer into the request body. */
  pointer?: string;
}

export class CloudflareError extends Refusal {
  readonly faults: ApiFault[];

  constructor(
    readonly status: number,
    code: number,
    message: string,
    pointer?: string,
  ) {
    super(message);
    this.faults = [{ code, message, pointer }];
  }

  get code(): number {
    return this.faults[0]?.code as number;
  }

  body() {
    const errors = this.faults.map(({ pointer, ...fault }) => ({
      ...fault,
      ...(pointer ? { source: { pointer } } : {}),
    }));
    return { result: null, success: false, errors, messages: [] };
  }

  override headers(): Record<string, string> {
    // Without it the official clients repeat a conflict ten times before they report it.
    return this.status === 409 || this.status >= 500 ? { "x-should-retry": "false" } : {};
  }
}

/** How one service of the API refuses a body. */
export interface BodyRefusal {
  code: number;
  /** Put before the reason. */
  prefix?: string;
}

/** Checks a request body and returns it typed. @throws CloudflareError 400 naming the first fault and its place. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown, refusal: BodyRefusal): z.output<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = (issue?.path ?? []).map(String);
  const reason = path.length > 0 ? `${path.join(".")}: ${issue?.message}` : (issue?.message ?? "invalid body");
  throw new CloudflareError(400, refusal.code, `${refusal.prefix ?? ""}${reason}`, `/${path.join("/")}`);
}

export function noRoute(path: string): CloudflareError {
  return new CloudflareError(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);
}

export const commonRefusals: CommonRefusals = {
  invalidJson: () => new CloudflareError(400, 6007, "Malformed JSON in request body"),
  noRoute: () => new CloudflareError(404, 7003, "No route for the URI."),
  methodNotAllowed: (request) => new CloudflareError(405, 7001, `Method ${request.method} not available for that URI.`),
  internal: (error) => new CloudflareError(500, 10001, error.message),
};
