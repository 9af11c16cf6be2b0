import type { FastifyReply, FastifyRequest } from "fastify";
import { invalidField } from "./errors";
import { labelSelector } from "./labels";

/** Page sizes of https://docs.hetzner.cloud/reference/cloud#description/pagination. */
const defaultPageSize = 25;
const largestPageSize = 50;

export interface ListOptions {
  /** Fields that `sort` may name. */
  sort?: string[];
  /** Fields that a query parameter of the same name selects by; given several times, any value matches. */
  match?: string[];
}

/** Filters, sorts and pages a collection as the list endpoints do, and sends it under `key`. */
export function sendList<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  key: string,
  items: T[],
  options: ListOptions = {},
): FastifyReply {
  const query = request.query as Record<string, string | string[]>;
  const found = sortBy(filterBy(items, query, options.match ?? []), values(query.sort), options.sort ?? []);
  const page = wholeNumber(query.page, "page", 1);
  const size = Math.min(wholeNumber(query.per_page, "per_page", defaultPageSize), largestPageSize);
  const last = Math.max(1, Math.ceil(found.length / size));
  const pagination = {
    page,
    per_page: size,
    previous_page: page > 1 ? page - 1 : null,
    next_page: page < last ? page + 1 : null,
    last_page: last,
    total_entries: found.length,
  };
  reply.header("link", linkHeader(request, pagination));
  return reply.send({ [key]: found.slice((page - 1) * size, page * size), meta: { pagination } });
}

/** A query parameter as a list, given never, once or several times. */
export function values(parameter: string | string[] | undefined): string[] {
  return parameter === undefined ? [] : [parameter].flat();
}

function filterBy<T extends object>(items: T[], query: Record<string, string | string[]>, fields: string[]): T[] {
  const tests: ((item: T) => boolean)[] = values(query.label_selector).map((selector) => {
    const matches = labelSelector(selector);
    return (item) => "labels" in item && matches(item.labels as Record<string, string>);
  });
  for (const field of ["name", ...fields]) {
    const wanted = values(query[field]);
    if (wanted.length > 0) tests.push((item) => wanted.includes(String(item[field as keyof T])));
  }
  return items.filter((item) => tests.every((test) => test(item)));
}

function sortBy<T extends object>(items: T[], orders: string[], allowed: string[]): T[] {
  const parsed = orders.map((order) => {
    const [field = "", direction = "asc"] = order.split(":");
    if (!allowed.includes(field) || !["asc", "desc"].includes(direction)) {
      throw invalidField("sort", `'${order}' is not supported, use one of ${allowed.join(", ")} with :asc or :desc`);
    }
    return { field: field as keyof T, sign: direction === "asc" ? 1 : -1 };
  });
  return [...items].sort((a, b) => {
    for (const { field, sign } of parsed) {
      const difference = compare(a[field], b[field]);
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "") < String(b ?? "") ? -1 : String(a ?? "") > String(b ?? "") ? 1 : 0;
}

function wholeNumber(parameter: string | string[] | undefined, name: string, otherwise: number): number {
  const text = values(parameter).at(-1);
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw invalidField(name, "must be a whole number of at least 1");
  return Number(text);
}

function linkHeader(request: FastifyRequest, pagination: Record<string, number | null>): string {
  const link = (page: number | null | undefined, rel: string): string[] => {
    if (!page) return [];
    const url = new URL(request.url, `${request.protocol}://${request.host}`);
    url.searchParams.set("page", String(page));
    return [`<${url.href}>; rel="${rel}"`];
  };
  return [
    ...link(pagination.previous_page, "prev"),
    ...link(pagination.next_page, "next"),
    ...link(pagination.last_page, "last"),
  ].join(", ");
}
