import { expect, it } from "vitest";
import { functions } from "../../../sandbox/clouds/cloudflare/expression/functions";
import { fields } from "../../../sandbox/clouds/cloudflare/expression/vocabulary";
import { factsOf, knownFields } from "../../../sandbox/edge/waf/facts";
import { calls } from "../../../sandbox/edge/waf/functions";
import { sent } from "./requests";

const kinds: Record<string, (value: unknown) => boolean> = {
  Bytes: (value) => typeof value === "string",
  Int: (value) => Number.isSafeInteger(value),
  Bool: (value) => typeof value === "boolean",
  Ip: (value) => typeof (value as { address: unknown }).address === "string",
  "Array<Bytes>": (value) => Array.isArray(value),
  "Map<Array<Bytes>>": (value) => value instanceof Map,
};

it("every field that rules may use has a value of its type", () => {
  const facts = factsOf(sent(), undefined, 0);
  const used = [...fields].filter(([, { emulated }]) => emulated);
  expect(used.map(([name]) => name).sort()).toEqual([...knownFields].sort());
  for (const [name, { type }] of used) expect([name, kinds[type]?.(facts.get(name))]).toEqual([name, true]);
});

it("every function that rules may call is there", () => {
  const callable = [...functions].filter(([, { available }]) => available !== false).map(([name]) => name);
  expect(Object.keys(calls).sort()).toEqual(callable.sort());
});
