import type { FastifyReply, FastifyRequest } from "fastify";
import { DigitalOceanError } from "./errors";

/** "By default, 20 objects are returned per page", and at most 200. */
const defaultPageSize = 20;
const largestPageSize = 200;

/** Sends one page of a collection under its key, with links to the others. */
export function sendList(request: FastifyRequest, reply: FastifyReply, key: string, items: object[]): FastifyReply {
  const query = request.query as Record<string, string | undefined>;
  const page = wholeNumber(query.page, "page", 1);
  const size = Math.min(wholeNumber(query.per_page, "per_page", defaultPageSize), largestPageSize);
  const last = Math.max(1, Math.ceil(items.length / size));
  const url = (number: number) => {
    const address = new URL(request.url, `${request.protocol}://${request.host}`);
    address.searchParams.set("page", String(number));
    return address.href;
  };
  const pages = {
    ...(page > 1 ? { first: url(1), prev: url(page - 1) } : {}),
    ...(page < last ? { next: url(page + 1), last: url(last) } : {}),
  };
  return reply.send({
    [key]: items.slice((page - 1) * size, page * size),
    links: last > 1 ? { pages } : {},
    meta: { total: items.length },
  });
}

function wholeNumber(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new DigitalOceanError("bad_request", `${name} must be a positive integer`);
  return Number(text);
}
