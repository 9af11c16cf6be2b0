import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { type BotRoute, fullRoutes, routeFaults, WebhookName } from "../../components/botRoutes";
import { edgeFragmentFaults } from "../../components/edgeFragment";
import { botIngress } from "../../components/tunnelConfig";
import { runtimes } from "../../profiles/runtimes";
import { webhooks } from "../../profiles/webhooks";

const names = Object.keys(webhooks) as WebhookName[];
const allSecrets = Object.values(webhooks).map(({ secret }) => secret);
const generic = { runtime: "generic", port: 8080, secretNames: [...allSecrets, "X_SECRET"] };
const openclaw = { ...generic, runtime: "openclaw", port: 18789 };
const route = { path: "/hooks/x", secret: "X_SECRET" };

/** What is wrong with some routes, as lines. */
function told(routes: unknown[], agent = generic): string[] {
  return routeFaults("routes", routes as BotRoute[], agent, (name) => `set ${name}`).map(
    ({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`,
  );
}

describe("presets", () => {
  it("are the same in the table and in what others import", () => {
    expect(Object.values(WebhookName).sort()).toEqual([...names].sort());
  });

  it.each(names)("%s has no fault, and gives the zone's rules nothing that they would refuse", (preset) => {
    expect(told([{ preset }])).toEqual([]);
    const { path, methods, contentTypes } = fullRoutes([{ preset }], generic)[0]!;
    const bot = { hostname: "b.example.com", routes: [{ path, methods, contentTypes }] };
    expect(edgeFragmentFaults({ agent: "a", zone: "example.com", operator: "o.example.com", bot })).toEqual([]);
    expect(methods).toEqual(["POST"]);
    expect(webhooks[preset].signature).toMatch(/^[a-z0-9-]+$/);
  });

  it.each(names)("%s needs its secret", (preset) => {
    const secretNames = allSecrets.filter((name) => name !== webhooks[preset].secret);
    expect(told([{ preset }], { ...generic, secretNames })).toEqual([
      expect.stringContaining(`routes[0].secret is not among the agent's secrets, or is empty: set `),
    ]);
  });

  it("have ports of their own only for runtimes that there are", () => {
    for (const { ports } of Object.values(webhooks)) {
      for (const runtime of Object.keys(ports)) expect(runtimes).toHaveProperty(runtime);
    }
    const ports = (agent: typeof generic) =>
      fullRoutes([{ preset: "telegram" }, { preset: "teams" }, { preset: "slack" }], agent).map(({ port }) => port);
    expect(ports(openclaw)).toEqual([8787, 3978, 18789]);
    expect(ports(generic)).toEqual([8080, 8080, 8080]);
  });

  it("give way to what is written", () => {
    expect(fullRoutes([{ preset: "github", path: "/hooks/gh", secret: "X_SECRET", port: 9000 }], generic)).toEqual([
      {
        path: "/hooks/gh",
        methods: ["POST"],
        contentTypes: ["application/json", "application/x-www-form-urlencoded"],
        port: 9000,
        secret: "X_SECRET",
        signature: "x-hub-signature-256",
      },
    ]);
  });
});

describe("a route written out", () => {
  it("lets POST with JSON through, to the agent's own port", () => {
    expect(told([route])).toEqual([]);
    expect(fullRoutes([route], generic)[0]).toMatchObject({
      methods: ["POST"],
      contentTypes: ["application/json"],
      port: 8080,
    });
  });

  it("asks no content type of requests without a body", () => {
    expect(fullRoutes([{ ...route, methods: ["GET", "POST"] }], generic)[0]!.contentTypes).toEqual([]);
    expect(fullRoutes([{ ...route, contentTypes: [] }], generic)[0]!.contentTypes).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["a wildcard", "/hooks/*", /is a pattern, and paths are compared exactly/],
    ["everything", "*", /is not a path/],
    ["an expression", "/hooks/(a|b)", /has characters/],
    ["an anchored expression", "^/hooks/x$", /is not a path/],
    ["no slash", "hooks/x", /is not a path/],
    ["the front page", "/", /is the agent's front page/],
    ["nothing", "", /is not a path/],
    ["a slash at the end", "/hooks/", /ends with a slash: write \/hooks$/],
    ["two slashes", "/hooks//x", /has parts that programs on the way resolve/],
    ["two slashes at the start", "//evil.example", /has parts/],
    ["the folder above", "/hooks/../admin", /has parts/],
    ["the folder above at the end", "/hooks/..", /has parts/],
    ["the folder itself", "/./hooks", /has parts/],
    ["an escape", "/hooks/%2e%2e/admin", /holds an escape/],
    ["a query", "/hooks/x?token=1", /holds a query/],
    ["a fragment", "/hooks/x#y", /holds a query/],
    ["a backslash", "/hooks\\x", /has characters/],
    ["a quote", '/hooks/" or true or "', /has characters/],
    ["a brace", "/hooks/{x}", /has characters/],
    ["a second line", "/hooks/x\n/admin", /has characters/],
    ["a line end only", "/hooks/x\n", /has characters/],
    ["a letter of another script", "/hооks/x", /has characters/],
    ["a space", "/hooks/ x", /has characters/],
    ["an address", "https://example.com/x", /is not a path/],
    ["a very long one", `/${"x".repeat(300)}`, /has more than 200 characters/],
    ["Cloudflare's own", "/cdn-cgi/access/logout", /is answered by Cloudflare itself/],
    ["Cloudflare's own in upper case", "/CDN-CGI", /is answered by Cloudflare itself/],
  ])("cannot have as its path %s", (_title, path, expected) => {
    expect(told([{ ...route, path }])).toEqual([expect.stringMatching(expected)]);
    expect(told([{ preset: "slack", path }])).toEqual([expect.stringMatching(expected)]);
  });

  it.each<[string, object, RegExp]>([
    ["no path", { path: undefined }, /^routes\[0\].path is missing/],
    ["no secret", { secret: undefined }, /^routes\[0\].secret is missing: .*tells real requests from forged/],
    [
      "another's secret",
      { secret: "Y_SECRET" },
      /^routes\[0\].secret is not among the agent's secrets.*: set Y_SECRET$/,
    ],
    ["an inherited secret", { secret: "constructor" }, /^routes\[0\].secret is not among/],
    ["no method", { methods: [] }, /^routes\[0\].methods is empty/],
    ["a method that is none", { methods: ["POST", "*"] }, /^routes\[0\].methods\[1\] is not a method/],
    ["a method in lower case", { methods: ["post"] }, /^routes\[0\].methods\[0\] is not a method/],
    ["TRACE", { methods: ["TRACE"] }, /^routes\[0\].methods\[0\] is not a method/],
    ["an inherited method", { methods: ["constructor"] }, /^routes\[0\].methods\[0\] is not a method/],
    ["a content type with rule text", { contentTypes: ['a/b" or true or "'] }, /contentTypes\[0\] is not a media type/],
    ["a content type with parameters", { contentTypes: ["text/plain; charset=utf-8"] }, /contentTypes\[0\] is not/],
    ["any content type by a star", { contentTypes: ["*/*"] }, /contentTypes\[0\] is not a media type/],
    ["port 0", { port: 0 }, /^routes\[0\].port is not a TCP port/],
    ["half a port", { port: 80.5 }, /^routes\[0\].port is not a TCP port/],
    ["an unknown preset", { preset: "slak" }, /^routes\[0\].preset is not a preset: did you mean slack\?/],
    ["an inherited preset", { preset: "constructor" }, /^routes\[0\].preset is not a preset/],
  ])("cannot have %s", (_title, change, expected) => {
    expect(told([{ ...route, ...change }])).toEqual([expect.stringMatching(expected)]);
  });

  it.each(["/tools/invoke", "/v1/chat/completions", "/Chat", "/hooks/agent", "/__openclaw__/worker"])(
    "cannot open %s, which OpenClaw keeps for its operators",
    (path) => {
      expect(told([{ ...route, path }], openclaw)).toEqual([
        expect.stringMatching(/^routes\[0\].path is for the operators of openclaw alone: write a path outside of \//),
      ]);
      expect(told([{ ...route, path, port: 9000 }], openclaw)).toEqual([]);
      expect(told([{ ...route, path }])).toEqual([]);
    },
  );

  it("may be beside them", () => {
    expect(
      told(
        ["slack", "telegram", "googlechat", "teams", "twilio"].map((preset) => ({ preset })),
        openclaw,
      ),
    ).toEqual([]);
    expect(told([{ ...route, path: "/chatter" }], openclaw)).toEqual([]);
  });

  it("cannot be declared twice, nor be none", () => {
    expect(told([{ preset: "slack" }, { ...route, path: "/slack/events", methods: ["GET"] }])).toEqual([
      expect.stringMatching(/^routes\[1\].path is declared by routes\[0\] already/),
    ]);
    expect(told([])).toEqual([expect.stringMatching(/^routes is empty/)]);
  });

  it("has all its faults told at once", () => {
    expect(told([{ path: "/*", methods: ["X"], contentTypes: ["x"], port: -1, secret: "Y" }])).toHaveLength(5);
  });
});

describe("a connector's routes", () => {
  const ingress = botIngress("b.example.com", "agent", [
    { path: "/slack/events", port: 8080 },
    { path: "/a.b~c_d-e/F", port: 8787 },
  ]).ingresses as { hostname?: string; path?: string; service: string }[];

  it("are the declared paths, each to its port, and nothing else", () => {
    expect(ingress).toEqual([
      { hostname: "b.example.com", path: "^/slack/events$", service: "http://agent:8080" },
      { hostname: "b.example.com", path: "^/a\\.b~c_d-e/F$", service: "http://agent:8787" },
      { service: "http_status:404" },
    ]);
  });

  it.each([
    ["/slack/events", 0],
    ["/a.b~c_d-e/F", 1],
  ])("match %s as Go's expressions do, whole and to the letter", (path, rule) => {
    const expression = RE2JS.compile(ingress[rule]!.path!);
    const found = (text: string) => expression.matcher(text).find();
    expect(found(path)).toBe(true);
    for (const other of [
      `${path}/`,
      `${path}x`,
      `x${path}`,
      `/x${path}`,
      `${path}\n`,
      `\n${path}`,
      `${path}/../admin`,
    ]) {
      expect(found(other), JSON.stringify(other)).toBe(false);
    }
    expect(found(path.toUpperCase())).toBe(false);
    expect(found(path.replace(".", "x"))).toBe(!path.includes("."));
  });
});
