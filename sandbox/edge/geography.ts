import type { FastifyInstance } from "fastify";
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** Which country a client's address is taken to be in. */
export interface Geography {
  /** Two letters of ISO 3166-1; XX for what is no address, as of a client that left before it was looked at. */
  countryOf(address: string): string;
  /** `GET` and `PUT /_sandbox/geography`: the whole table, from ranges to countries. */
  register(app: FastifyInstance): void;
}

/** Where everybody is who is in no range of the table. */
const elsewhere = "DE";
/** Cloudflare's word for clients of which it cannot tell. */
const unknown = "XX";

const table = z.record(
  z.string().refine((range) => ipaddr.isValidCIDR(range), "must be an address range such as 198.51.100.200/32"),
  z.string().regex(/^([A-Z]{2}|T1)$/, "must be two capital letters"),
);

/** Addresses of the sandbox lie nowhere, so where they are is told. Kept in memory; the longest range that fits counts. */
export function createGeography(): Geography {
  let ranges: Record<string, string> = {};
  return {
    countryOf: (address) => {
      if (!ipaddr.isValid(address)) return unknown;
      const given = ipaddr.process(address);
      const fitting = Object.keys(ranges)
        .map((text) => ({ text, parsed: ipaddr.parseCIDR(text) }))
        .filter(({ parsed: [base] }) => base.kind() === given.kind())
        .filter(({ parsed }) => given.match(parsed as [ipaddr.IPv4, number]))
        .sort((a, b) => b.parsed[1] - a.parsed[1]);
      return ranges[fitting[0]?.text ?? ""] ?? elsewhere;
    },
    register: (app) => {
      app.get("/_sandbox/geography", async () => ranges);
      app.put("/_sandbox/geography", async (request, reply) => {
        const given = table.safeParse(request.body);
        if (!given.success) return reply.status(400).send({ error: z.prettifyError(given.error) });
        ranges = given.data;
        return ranges;
      });
    },
  };
}
