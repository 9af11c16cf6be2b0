import type { FastifyInstance } from "fastify";
import type { Layer, Step } from "./request";

/** What became of one request: one line of the edge's log. */
export interface Decision {
  kind: "request";
  time: string;
  /** 16 hexadecimal digits, as in the answer's `cf-ray`. */
  ray: string;
  client: string;
  country: string;
  method: string;
  /** As asked for; empty when the request named none. */
  host: string;
  /** Path without the query, which may hold secrets; at most 512 characters. */
  path: string;
  status: number;
  /** Who made the answer. */
  by: Layer;
  /** Why, in a few words. */
  reason: string;
  steps: Step[];
  /** Id of the tunnel that the hostname leads to, when it was looked up. */
  tunnel?: string;
  milliseconds: number;
}

/** What happened between the edge and one connector. */
export interface ConnectorEvent {
  kind: "connector";
  time: string;
  /** Id of the tunnel, as the connector names it. */
  tunnel: string;
  verdict: "registered" | "refused" | "configured" | "config-refused" | "gone";
  reason: string;
  /** Id of the connector. */
  connector?: string;
  version?: string;
  /** Number of its connection, from 0. */
  replica?: number;
}

export type LogLine = Decision | ConnectorEvent;

/** Longest path that a line holds, in characters. */
const longestPath = 512;

/** Lines kept in memory for who asks. */
const capacity = 4000;

/** A request's path as the log may show it. */
export function loggedPath(target: string): string {
  return target.split(/[?#]/, 1)[0]!.slice(0, longestPath);
}

/** The latest lines of the log. */
export interface DecisionRing {
  add(line: LogLine): void;
  /**
   * Oldest first.
   *
   * @param query `ray`: of that request alone (a full `cf-ray` will do); `since`: from that time on, as ISO 8601
   */
  find(query: { ray?: string; since?: string }): LogLine[];
}

export function decisionRing(): DecisionRing {
  const lines: LogLine[] = [];
  return {
    add: (line) => {
      lines.push(line);
      if (lines.length > capacity) lines.shift();
    },
    find: ({ ray, since }) => {
      const wanted = ray?.split("-", 1)[0];
      return lines
        .filter((line) => wanted === undefined || (line.kind === "request" && line.ray === wanted))
        .filter((line) => since === undefined || Date.parse(line.time) >= Date.parse(since));
    },
  };
}

/** `GET /_sandbox/decisions?ray=…&since=…` */
export function registerDecisions(app: FastifyInstance, ring: DecisionRing): void {
  app.get("/_sandbox/decisions", async (request) => ring.find(request.query as { ray?: string; since?: string }));
}
