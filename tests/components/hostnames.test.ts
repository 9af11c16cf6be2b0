import { describe, expect, it } from "vitest";
import {
  type Certificates,
  defaultHostname,
  hostnameFaults,
  type PublicName,
  sharedNameFaults,
  zoneNameFaults,
  zoneOf,
} from "../../components/hostnames";

const universal = { "example.com": "universal" } as const;
const two: Record<string, Certificates> = { "example.com": "universal", "eu.example.com": "universal" };
const international: Record<string, Certificates> = { "xn--bcher-kva.example": "universal" };

describe("a zone", () => {
  it.each(["example.com", "a-b.co.uk", "xn--bcher-kva.example", "example.xn--p1ai"])("can be %s", (zone) => {
    expect(zoneNameFaults("zone", zone)).toEqual([]);
  });

  it.each(["", "com", "Example.com", "example.com.", ".com", "-a.com", "example.1", 'x" or "y.com', "bücher.example"])(
    "cannot be %j",
    (zone) => {
      expect(zoneNameFaults("zone", zone).map(({ reason }) => reason)).toEqual(["is not a zone"]);
    },
  );
});

describe("a hostname", () => {
  it.each<[string, Record<string, Certificates>]>([
    ["atlas.example.com", universal],
    ["a.example.com", universal],
    ["atlas-ana--x.example.com", universal],
    [`${"x".repeat(63)}.example.com`, universal],
    ["a.eu.example.com", two],
    ["atlas.xn--bcher-kva.example", international],
    ["atlas.ana.example.com", { "example.com": "advanced" }],
  ])("may be %s", (hostname, zones) => expect(hostnameFaults("h", hostname, zones)).toEqual([]));

  it("belongs to the nearest of several zones", () => {
    expect(zoneOf("a.eu.example.com", Object.keys(two))).toBe("eu.example.com");
    expect(zoneOf("a.example.org", Object.keys(two))).toBeUndefined();
  });

  it.each<[string, string, RegExp]>([
    ["another zone's", "atlas.example.org", /^is not inside a zone: .*\(zones: example.com, eu.example.com\)/],
    ["one that only ends alike", "atlas.badexample.com", /^is not inside a zone/],
    ["the zone itself", "example.com", /^is a zone itself: .*atlas.example.com/],
    ["a zone that lies in another", "eu.example.com", /^is a zone itself/],
    ["two labels", "atlas.ana.example.com", /^is 2 labels below example.com: write atlas-ana.example.com/],
    ["upper case", "Atlas.Example.com", /^is not a hostname: write atlas.example.com/],
    ["an underscore", "atlas_ana.example.com", /^is not a hostname/],
    ["a label that is too long", `${"x".repeat(64)}.example.com`, /^has a label of 64 characters/],
    ["one that is too long", `${"x.".repeat(130)}example.com`, /^has 271 characters/],
    ["punycode", "xn--atls-loa.example.com", /^has a reserved label, xn--…/],
    ["a reserved label", "ab--c.example.com", /^has a reserved label, ab--…/],
    ["a letter of another script", "аtlas.example.com", /^is not a hostname/],
    ["a dash at the beginning", "-atlas.example.com", /^has a label with a dash/],
    ["a dash at the end", "atlas-.example.com", /^has a label with a dash/],
    ["an empty label", "atlas..example.com", /^is not a hostname/],
    ["a dot at the end", "atlas.example.com.", /^is not a hostname/],
    ["a wildcard", "*.example.com", /^is not a hostname/],
    ["an address", "https://atlas.example.com/", /^is not a hostname/],
    ["a port", "atlas.example.com:443", /^is not a hostname/],
    ["rule text", 'a" or true or ".example.com', /^is not a hostname/],
    ["a second line", "atlas.example.com\nb.example.com", /^is not a hostname/],
    ["a backslash", "atlas\\.example.com", /^is not a hostname/],
    ["a brace", "{atlas}.example.com", /^is not a hostname/],
    ["nothing", "", /^is not a hostname/],
  ])("is not %s", (_title, hostname, expected) => {
    expect(hostnameFaults("h", hostname, two).map(({ reason, remedy }) => `${reason}: ${remedy}`)).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe("names of one fleet", () => {
  const name = (agent: string, surface: "operator" | "bot", hostname: string): PublicName => {
    return { agent, surface, hostname, path: `agents.${agent}.${surface}` };
  };
  const told = (...names: PublicName[]) =>
    sharedNameFaults(names).map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`);

  it("may be next to each other", () => {
    expect(told(name("a", "operator", "a.example.com"), name("a", "bot", "a-bot.example.com"))).toEqual([]);
  });

  it("are refused where two agents get the same by default", () => {
    const [first, second] = [defaultHostname("a-b", "c", "example.com"), defaultHostname("a", "b-c", "example.com")];
    expect(first).toBe(second);
    expect(told(name("a-b", "operator", first), name("a", "operator", second))).toEqual([
      expect.stringMatching(/^agents.a.operator is the operator hostname of agents.a-b already/),
    ]);
  });

  it("are refused where webhooks would go round a login, whichever agent comes first", () => {
    const bot = name("a", "bot", "b.example.com");
    const operator = name("b", "operator", "b.example.com");
    for (const names of [
      [bot, operator],
      [operator, bot],
    ]) {
      expect(told(...names)).toEqual([
        expect.stringMatching(/^agents.a.bot is the operator hostname of agents.b: .*nobody logs in/),
      ]);
    }
  });

  it("are refused where one's cookies would reach another", () => {
    expect(told(name("a", "operator", "a.example.com"), name("b", "bot", "x.a.example.com"))).toEqual([
      expect.stringMatching(/^agents.b.bot lies below the operator hostname of agents.a/),
    ]);
    expect(told(name("a", "operator", "x.b.example.com"), name("b", "bot", "b.example.com"))).toEqual([
      expect.stringMatching(/^agents.a.operator lies below the bot hostname of agents.b/),
    ]);
  });
});
