import { expect, it, vi } from "vitest";
import { faultText } from "../../components/faults";
import { planFleet } from "../../components/fleetPlan";
import { goodSecrets, richFleet } from "./goodFleet";
import { pseudoRandom } from "./pseudoRandom";

// Compressing user-data for each server would take nine tenths of the time; strangeFleets.test.ts has it done.
vi.mock("../../components/hardenedServer", async (original) => ({
  ...(await original<object>()),
  firstBootFaults: () => [],
}));

type Path = (string | number)[];
type Random = (below: number) => number;

/** Groups whose keys are names that people choose: any other key is a setting. */
const named =
  /^(zones|identityProviders|tenants|servers|networks|agents|tenants\/[^/]+\/serviceTokens|.*\/environment)$/;

/** Settings that nothing else gives where they are taken away. */
const needed: Path[] = [
  ["operators", "keys"],
  ["connector", "image"],
  ["zones", "example.com", "accountId"],
  ["zones", "example.com", "zoneId"],
  ["zones", "example.com", "team"],
  ["identityProviders", "work", "id"],
  ["identityProviders", "work", "type"],
  ["agents", "atlas", "tenant"],
  ["agents", "atlas", "bot", "hostname"],
  ["agents", "atlas", "bot", "routes", 0, "path"],
  ["agents", "bora", "tenant"],
  ["defaults", "agent", "image"],
  ["defaults", "agent", "memory"],
  ["defaults", "server", "location"],
  ["defaults", "server", "ssh"],
  ["networks", "inner", "location"],
  ["networks", "inner", "range"],
];

/** Texts that refer to something by its name, or have a form; any other text in their place is wrong. */
const formed: Path[] = [
  ["operators", "keys", 0],
  ["connector", "image"],
  ["defaults", "agent", "image"],
  ["defaults", "agent", "memory"],
  ["defaults", "agent", "runtime"],
  ["defaults", "server", "size"],
  ["defaults", "server", "ssh", "cidrs", 0],
  ["zones", "example.com", "accountId"],
  ["zones", "example.com", "plan"],
  ["zones", "example.com", "certificates"],
  ["tenants", "ana", "emails", 0],
  ["tenants", "ana", "identityProviders", 0],
  ["tenants", "ana", "require", "countries", 0],
  ["tenants", "ana", "session"],
  ["servers", "atoll", "memory"],
  ["servers", "atoll", "profile"],
  ["servers", "atoll", "provider"],
  ["servers", "atoll", "location"],
  ["servers", "atoll", "network"],
  ["networks", "inner", "provider"],
  ["networks", "inner", "range"],
  ["agents", "atlas", "tenant"],
  ["agents", "atlas", "server"],
  ["agents", "atlas", "operator"],
  ["agents", "atlas", "bot", "hostname"],
  ["agents", "atlas", "bot", "routes", 0, "path"],
  ["agents", "atlas", "bot", "routes", 0, "secret"],
];

/** Text that is nothing anywhere: no name, form or word of ours. */
const strangers = ["", " ", "\u0000", "x\ny", "{}", "../..", "${x}", "*", "ß", "\ud800", "a".repeat(5000), '"; --'];

/** One way to spoil a document so that it is wrong whatever else is done to it. */
type Spoil = (document: Record<string, unknown>, random: Random) => void;

const otherKind: Spoil = (document, random) => {
  const at = pick(nodes(document), random);
  const value = valueAt(document, at);
  const kinds: unknown[] = [
    null,
    true,
    "",
    Number.NaN,
    -1,
    Number.POSITIVE_INFINITY,
    [[]],
    { "": {} },
    [null],
    { constructor: 1 },
  ];
  const others = kinds.filter((kind) => kindOf(kind) !== kindOf(value));
  set(document, at, pick(others, random));
};

const strangeKey: Spoil = (document, random) => {
  const groups = [[], ...nodes(document)].filter((at) => isGroup(valueAt(document, at)) && !named.test(at.join("/")));
  const at = pick(groups, random);
  const group = valueAt(document, at) as Record<string, unknown>;
  const keys = Object.keys(group);
  const old = pick(keys, random);
  const key = pick([`${old}s`, old.slice(1), `${old}_`, old.toUpperCase(), "x", "hasOwnProperty", "toString"], random);
  // Given a value of its own: an undefined one would be no setting at all.
  if (keys.length > 0 && !keys.includes(key)) group[key] = group[old];
  else group["no-setting"] = 1;
};

const missing: Spoil = (document, random) => set(document, pick(needed, random), undefined);
const otherText: Spoil = (document, random) => set(document, pick(formed, random), pick(strangers, random));
const spoils = [otherKind, strangeKey, missing, otherText];

/** A document with one to four things wrong, always the same for a seed. */
function malformed(seed: number): { document: Record<string, unknown>; done: string } {
  const random = pseudoRandom(seed);
  const document = richFleet();
  // The last one spoils for good; those before it only make the ground uneven.
  const chosen = Array.from({ length: 1 + random(4) }, () => pick(spoils, random));
  for (const spoil of chosen) spoil(document, random);
  return { document, done: chosen.map(({ name }) => name).join(", ") };
}

it("a thousand malformed fleets are all refused, in words, and none of them crashes the check", () => {
  expect(planFleet(richFleet(), goodSecrets()).faults).toEqual([]);
  let faultsInAll = 0;
  for (let seed = 1; seed <= 1000; seed++) {
    const { document, done } = malformed(seed);
    const told = `seed ${seed} (${done}): ${JSON.stringify(document).slice(0, 3000)}`;
    const { faults, plan } = planFleet(document, goodSecrets());
    expect(plan, told).toBeUndefined();
    expect(faults.length, told).toBeGreaterThan(0);
    expect(
      faults.filter(({ path, reason, remedy }) => !path || !reason || !remedy),
      told,
    ).toEqual([]);
    expect(faultText(faults, "creel:fleet"), told).not.toContain("CANARY");
    faultsInAll += faults.length;
  }
  expect(faultsInAll).toBeGreaterThan(2500);
});

function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)]!;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "list" : value === null ? "nothing" : typeof value;
}

/** Every place in a document. */
function nodes(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...at, Array.isArray(value) ? Number(key) : key];
    return [here, ...nodes(inner, here)];
  });
}

function valueAt(document: unknown, at: Path): unknown {
  return at.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], document);
}

/** Puts a value where there is a group or list to put it into, and else at the first place on the way that is none. */
function set(document: unknown, at: Path, value: unknown): void {
  const [key, ...rest] = at as [string | number, ...Path];
  const node = document as Record<string | number, unknown>;
  const inner = node[key];
  if (rest.length > 0 && typeof inner === "object" && inner !== null) set(inner, rest, value);
  else if (value === undefined) delete node[key];
  else node[key] = value;
}
