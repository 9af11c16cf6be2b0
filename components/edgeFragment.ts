import { z } from "zod";
import type { Fault } from "./faults";
import { checkedText, schemaFaults, text } from "./schema";

/** What one kind of webhook may look like. */
export interface EdgeRoute {
  /** Path, compared exactly and as it was sent. */
  path: string;
  /** HTTP methods that are let through. */
  methods: string[];
  /** Media types that are let through, without parameters. Empty: any, and none at all. */
  contentTypes: string[];
}

/**
 * What the rules of a zone have to know of one agent: plain values and no secret, so that one stack can hand it to
 * another.
 */
export interface EdgeFragment {
  /** Name of the agent. */
  agent: string;
  /** Name of the zone that its hostnames lie in. */
  zone: string;
  /** Name under which people open it, behind Access. */
  operator: string;
  /** Name under which services call it, and what they may send there. Left out: no such name. */
  bot?: { hostname: string; routes: EdgeRoute[] };
}

/** What a stack gives to others of the zones that it uses: fragments by the zone's name. */
export type EdgeOutput = Record<string, EdgeFragment[]>;

/** Methods that a webhook can have; CONNECT, OPTIONS and TRACE are none. */
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const hostnameForm = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const hostname = text("a hostname, such as atlas.example.com", hostnameForm);

const routeSchema = z.strictObject({
  path: checkedText("a path, such as /hooks/github", (value) => routePathFaults("", value)),
  methods: z.array(checkedText("a method, such as POST", (value) => routeMethodFaults("", value))).min(1),
  contentTypes: z.array(checkedText("a media type", (value) => contentTypeFaults("", value))),
});

const fragmentSchema = z.strictObject({
  agent: text("the name of an agent", /^[a-z][a-z0-9-]{0,62}$/),
  zone: hostname,
  operator: hostname,
  bot: z.strictObject({ hostname, routes: z.array(routeSchema).min(1) }).optional(),
});

/** What is wrong with a fragment by itself; of foreign values nothing is taken for granted. */
export function edgeFragmentFaults(value: unknown): Fault[] {
  const faults = schemaFaults(fragmentSchema, value);
  if (faults.length > 0) return faults;
  const { zone, operator, bot } = value as EdgeFragment;
  const names: [string, string][] = [["operator", operator]];
  if (bot !== undefined) names.push(["bot.hostname", bot.hostname]);
  for (const [path, name] of names) {
    if (name.endsWith(`.${zone}`)) continue;
    faults.push({ path, value: name, reason: `is not inside ${zone}`, remedy: `write a name that ends in .${zone}` });
  }
  if (bot?.hostname === operator) {
    const remedy = "give services a hostname of their own: it is what keeps them away from what people may do";
    faults.push({ path: "bot.hostname", value: operator, reason: "is the operator's hostname", remedy });
  }
  return faults;
}

/** What is wrong with a set of fragments that are to share a zone: hostnames that two of them have. */
export function sharedHostnameFaults(fragments: EdgeFragment[], pathOf: (index: number) => string): Fault[] {
  const holders = new Map<string, string>();
  return fragments.flatMap(({ operator, bot }, i): Fault[] => {
    const names = [[`${pathOf(i)}.operator`, operator]];
    if (bot !== undefined) names.push([`${pathOf(i)}.bot.hostname`, bot.hostname]);
    return names.flatMap(([path, name]) => {
      const holder = holders.get(name!);
      if (holder === undefined) holders.set(name!, path!);
      const reason = `is the hostname at ${holder} already`;
      return holder === undefined ? [] : [{ path: path!, value: name, reason, remedy: "give each its own" }];
    });
  });
}

/**
 * What is wrong with a path of a webhook. Only paths that every program on the way reads alike are taken: nothing encoded,
 * no dots or empty parts to be resolved, nothing that a pattern could mean.
 */
export function routePathFaults(path: string, value: string): Fault[] {
  const remedy = "write one whole path of letters, digits and - . _ ~ between single slashes, such as /hooks/github";
  const fault = (reason: string): Fault[] => [{ path, value, reason, remedy }];
  if (!value.startsWith("/")) return fault("is not a path");
  if (value.length > 200) return fault("has more than 200 characters");
  if (value.includes("*")) return fault("is a pattern, and paths are compared exactly");
  if (!/^[A-Za-z0-9._~/-]+$/.test(value)) return fault("has characters that programs on the way read differently");
  if (/\/\//.test(value) || /\/\.{1,2}(\/|$)/.test(value)) return fault("has parts that programs on the way resolve");
  return [];
}

/** What is wrong with a method of a webhook. */
export function routeMethodFaults(path: string, value: string): Fault[] {
  if (methods.includes(value)) return [];
  return [{ path, value, reason: "is not a method of a webhook", remedy: `write one of ${methods.join(", ")}` }];
}

/** What is wrong with a media type: in lower case, without parameters. */
export function contentTypeFaults(path: string, value: string): Fault[] {
  if (value.length <= 100 && /^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/.test(value)) return [];
  const remedy = "write it in lower case and without parameters, such as application/json";
  return [{ path, value, reason: "is not a media type", remedy }];
}
