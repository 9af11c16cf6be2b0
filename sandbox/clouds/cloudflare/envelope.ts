import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CloudflareError } from "./errors";

/** The answer to a request that succeeded. */
export function success(result: unknown) {
  return { result, success: true, errors: [], messages: [] };
}

/** Page sizes of a list endpoint. */
export interface PageSizes {
  default: number;
  most: number;
}

/** Pages a collection by `page` and `per_page`. @throws CloudflareError 400 when they are no whole numbers in range. */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  items: unknown[],
  sizes: PageSizes = { default: 20, most: 1000 },
): FastifyReply {
  const query = request.query as Record<string, string>;
  const page = wholeNumber(query.page, "page", 1, Number.MAX_SAFE_INTEGER);
  const size = wholeNumber(query.per_page, "per_page", sizes.default, sizes.most);
  const result = items.slice((page - 1) * size, page * size);
  return reply.send({
    ...success(result),
    result_info: {
      page,
      per_page: size,
      count: result.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / size),
    },
  });
}

function wholeNumber(text: string | undefined, name: string, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new CloudflareError(400, 6003, `Invalid request parameter: ${name} must be between 1 and ${most}`);
  }
  return value;
}

/** An id of 32 hexadecimal digits, as zones, records and rules have. */
export function hexId(bytes = 16): string {
  return randomBytes(bytes).toString("hex");
}

/** Now, as the API writes it. */
export function timestamp(): string {
  return new Date().toISOString();
}

/** The fields that were given, without those given as null, which the API treats as not set. */
export function withoutNull<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], null> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined)) as {
    [K in keyof T]: Exclude<T[K], null>;
  };
}
