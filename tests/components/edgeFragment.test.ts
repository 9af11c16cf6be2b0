import { describe, expect, it } from "vitest";
import { type EdgeFragment, edgeFragmentFaults, sharedHostnameFaults } from "../../components/edgeFragment";

const good = (): EdgeFragment => ({
  agent: "atlas",
  zone: "example.com",
  operator: "atlas-ana.example.com",
  bot: {
    hostname: "atlas-bot.example.com",
    routes: [{ path: "/hooks/github", methods: ["POST"], contentTypes: ["application/json"] }],
  },
});

const route = (changed: object) => {
  const { bot, ...rest } = good();
  return { ...rest, bot: { ...bot!, routes: [{ ...bot!.routes[0]!, ...changed }] } };
};

const told = (value: unknown) => edgeFragmentFaults(value).map(({ path, reason }) => `${path} ${reason}`.trim());

describe("a fragment", () => {
  it("is one with everything it may have, and with nothing that it need not", () => {
    expect(told(good())).toEqual([]);
    const { bot: _, ...quiet } = good();
    expect(told(quiet)).toEqual([]);
    expect(told(route({ contentTypes: [] }))).toEqual([]);
    expect(edgeFragmentFaults(JSON.parse(JSON.stringify(good())))).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "is missing"],
    ["a text", "atlas", "is not a group of settings"],
    ["a list", [good()], "is not a group of settings"],
    ["more than it may have", { ...good(), rules: [] }, "rules is not a known setting"],
    ["no zone", { ...good(), zone: undefined }, "zone is missing"],
    ["a hostname elsewhere", { ...good(), operator: "atlas.example.org" }, "operator is not inside example.com"],
    [
      "a hostname that only looks inside",
      { ...good(), operator: "atlas-example.com" },
      "operator is not inside example.com",
    ],
    ["the zone itself", { ...good(), operator: "example.com" }, "operator is not inside example.com"],
    [
      "a bot hostname elsewhere",
      { ...good(), bot: { ...good().bot, hostname: "x.org" } },
      "bot.hostname is not inside example.com",
    ],
    [
      "one hostname for both",
      { ...good(), operator: "atlas-bot.example.com" },
      "bot.hostname is the operator's hostname",
    ],
    ["a quote in a hostname", { ...good(), operator: 'a".example.com' }, "operator has another form"],
    ["capitals in a hostname", { ...good(), operator: "Atlas.example.com" }, "operator has another form"],
    ["a star in a hostname", { ...good(), operator: "*.example.com" }, "operator has another form"],
    ["a newline after a hostname", { ...good(), operator: "atlas.example.com\n" }, "operator has another form"],
    ["a long hostname", { ...good(), operator: `${"a.".repeat(130)}example.com` }, "operator has another form"],
    ["a name that closes a condition", { ...good(), agent: 'a") or (true' }, "agent has another form"],
    ["no routes", { ...good(), bot: { hostname: "b.example.com", routes: [] } }, "bot.routes is empty"],
    ["no methods", route({ methods: [] }), "bot.routes[0].methods is empty"],
    [
      "a method that is none",
      route({ methods: ["POST", "TRACE"] }),
      "bot.routes[0].methods[1] is not a method of a webhook",
    ],
    ["a method in lower case", route({ methods: ["post"] }), "bot.routes[0].methods[0] is not a method of a webhook"],
    [
      "a media type with a parameter",
      route({ contentTypes: ["text/plain; x=1"] }),
      "bot.routes[0].contentTypes[0] is not a media type",
    ],
    ["any media type", route({ contentTypes: ["*/*"] }), "bot.routes[0].contentTypes[0] is not a media type"],
  ])("is refused with %s", (_title, value, expected) => expect(told(value)).toEqual([expected]));

  it.each<[string, string]>([
    ["hooks", "is not a path"],
    ["", "is not a path"],
    ["*", "is not a path"],
    ["/hooks/*", "is a pattern, and paths are compared exactly"],
    ["^/hooks$", "is not a path"],
    ["/hooks/(a|b)", "has characters that programs on the way read differently"],
    ['/x" or true or "', "has characters that programs on the way read differently"],
    ["/x\\", "has characters that programs on the way read differently"],
    ["/x\n", "has characters that programs on the way read differently"],
    ["/{x}", "has characters that programs on the way read differently"],
    ["/%2e%2e/admin", "has characters that programs on the way read differently"],
    ["/x?y=1", "has characters that programs on the way read differently"],
    ["/é", "has characters that programs on the way read differently"],
    ["//x", "has parts that programs on the way resolve"],
    ["/x/../y", "has parts that programs on the way resolve"],
    ["/x/.", "has parts that programs on the way resolve"],
    [`/${"x".repeat(200)}`, "has more than 200 characters"],
  ])("is refused with the path %j", (path, reason) => {
    expect(told(route({ path }))).toEqual([`bot.routes[0].path ${reason}`]);
  });

  it.each(["/", "/x", "/.well-known/x", "/a..b/~c_d-e/", "/..."])("may have the path %j", (path) => {
    expect(told(route({ path }))).toEqual([]);
  });
});

describe("fragments of one zone", () => {
  it("share no hostname", () => {
    const { bot, ...quiet } = good();
    const fragments = [good(), { ...quiet, agent: "bo" }, { ...quiet, agent: "cy", operator: "c.example.com", bot }];
    const faults = sharedHostnameFaults(fragments, (i) => `fleet: edge[${i}]`);
    expect(faults.map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      "fleet: edge[1].operator is the hostname at fleet: edge[0].operator already",
      "fleet: edge[2].bot.hostname is the hostname at fleet: edge[0].bot.hostname already",
    ]);
  });
});
