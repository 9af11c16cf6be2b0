import { describe, expect, it } from "vitest";
import { planFleet } from "../../components/fleetPlan";
import { agent, deepSet, goodFleet, goodSecrets, key, server, zone } from "./goodFleet";
import { pseudoRandom } from "./pseudoRandom";

describe("documents that nobody would write", () => {
  const odd = [
    null,
    "",
    "x",
    0,
    -1,
    Number.NaN,
    true,
    [],
    {},
    [[]],
    { "": {} },
    JSON.parse('{"__proto__": {}}') as unknown,
    "\u0000",
    "9".repeat(400),
  ];

  it("never crash the check, which plans exactly what has no fault", () => {
    const next = pseudoRandom(11);
    for (let run = 0; run < 300; run++) {
      const document = goodFleet();
      const paths = nodePaths(document);
      deepSet(document, paths[next(paths.length)]!, odd[next(odd.length)]);
      const { faults, plan } = planFleet(document, goodSecrets());
      expect(plan === undefined).toBe(faults.length > 0);
    }
    for (const document of [1, "x", [], [1], true]) expect(planFleet(document, {}).faults).toHaveLength(1);
  });

  /** What each setting of the good fleet is refused with; the fault stands at the setting or below it. */
  const refused: [string, unknown[]][] = [
    ["operators", [null, "", "x", 0, true, [], {}, [[]]]],
    ["operators/keys", [null, "", "x", 0, true, [], {}, [[]], [null], [""], ["x"], [key, ""]]],
    ["connector", [null, "", "x", 0, true, [], {}]],
    ["connector/image", [null, "", "x", 0, true, [], {}, "\u0000"]],
    ["zones", [null, "", "x", 0, true, [], { "": {} }, { x: zone() }]],
    ["zones/example%com/accountId", [null, "", "x", 0, "\u0000", "F".repeat(32), "f".repeat(33)]],
    ["zones/example%com/zoneId", [null, "", "x", 0, "\u0000", "F".repeat(32), "f".repeat(33)]],
    ["zones/example%com/plan", [null, "", "x", 0, true, []]],
    ["zones/example%com/team", [null, "", "-", 0, "Acme", "acme.cloudflareaccess.com", "\u0000"]],
    ["tenants", [null, "", "x", 0, true, [], { "": { emails: ["ana@example.com"] } }]],
    ["tenants/ana", [null, "", "x", 0, true, [], {}]],
    ["tenants/ana/emails", [null, "", "x", [], [""], ["x"], [null], ["*"], ["a@b.example", ""], ["\u0000@b.example"]]],
    ["tenants/ana/emailDomains", [[""], ["x"], ["*"], ["*.com"], ["gmail.com"], ["yahoo.co.uk"], [null]]],
    ["tenants/ana/groups", [[""], ["x"], ["*"], [null], ["11111111-2222-3333-4444-55555555555"]]],
    ["tenants/ana/require", [null, "mfa", ["mfa"], { mfa: "yes" }, { mfaa: true }]],
    ["tenants/ana/session", [null, "", "0h", "721h", "8", 8, "1d", "\u0000"]],
    ["servers", [null, "", "x", 0, true, [], { "": server() }]],
    ["servers/reef/count", [null, 0, -1, 51, 1.5, "2", Number.NaN]],
    ["servers/reef/location", [null, "", "Falkenstein", 0, "\u0000"]],
    ["servers/reef/size", [null, "", "x", 0, "\u0000", "constructor"]],
    ["servers/reef/memory", ["", 4096, "0GiB", "4GB", "9".repeat(400)]],
    ["servers/reef/image", [null, "", "x", 0, "\u0000"]],
    ["servers/reef/profile", [null, "", "x", 0, "__proto__", "constructor"]],
    ["servers/reef/ssh", [null, "", "x", 0, true, [], {}]],
    ["servers/reef/ssh/cidrs", [null, "", [], [""], [null], ["x"], ["0.0.0.0/0"], ["0.0.0.0/1"], ["0.0.0.0/00"]]],
    ["servers/reef/ssh/allowOpen", [null, "", "yes", 1]],
    ["servers/reef/rebuild", [null, 0, true, []]],
    ["agents", [null, "", "x", 0, true, [], { "": agent() }, { agent: agent() }, { constructor: agent() }]],
    ["agents/atlas/tenant", [null, "", "x", 0, "constructor", "\u0000"]],
    ["agents/atlas/server", [null, "", "x", 0, "constructor"]],
    ["agents/atlas/runtime", [null, "", "x", 0, "__proto__", "constructor"]],
    ["agents/atlas/image", [null, "", "x", 0, "\u0000", `a@sha256:${"1".repeat(63)}`]],
    [
      "agents/atlas/operator",
      [null, "", "x", 0, "example.com", ".example.com", "a_b.example.com", "\u0000.example.com"],
    ],
    ["agents/atlas/bot", [null, "", "slack", ["slack"], {}, { hostname: "b.example.com" }, { routes: ["slack"] }]],
    ["agents/atlas/bot/hostname", [null, "", 0, "example.com", "\u0000.example.com", "constructor"]],
    [
      "agents/atlas/bot/routes",
      [null, "slack", {}, [], [null], [""], [[]], [{}], ["constructor"], [{ preset: "__proto__" }], [{ path: 1 }]],
    ],
    ["agents/atlas/rotation", [null, 0, true, []]],
    ["identityProviders", [null, "x", [], { x: null }, { x: { id: "x", type: "google" } }, { "": {} }]],
    ["agents/atlas/memory", [null, "", 256, "256", "0MiB", "1.5GiB", "9".repeat(400)]],
    ["agents/atlas/cpus", [null, "1", 0, -1, 0.001, Number.NaN, Number.POSITIVE_INFINITY]],
    ["agents/atlas/tasksMax", [null, "64", 0, -1, 1.5, Number.NaN]],
    ["agents/atlas/port", [null, "80", 0, -1, 65536, 1.5]],
    ["agents/atlas/health", [null, "", "x", [], [""], ["CMD", "x"], [0], ["a", ""], ["\u0000"]]],
    ["agents/atlas/command", [null, "", "x", [], [""], [0], ["a\u0000b"]]],
    [
      "agents/atlas/environment",
      [null, "", [], { A: 1 }, { A: "\u0000" }, { "": "x" }, { "A=B": "x" }, { TOKEN: "x" }],
    ],
  ];

  it.each(refused)("%s", (path, values) => {
    const at = path.replaceAll("/", ".").replace("%", ".");
    for (const value of values) {
      const document = goodFleet();
      deepSet(document, path, value);
      const { faults, plan } = planFleet(document, path === "agents" ? {} : goodSecrets());
      expect(plan, `${path} = ${JSON.stringify(value)}`).toBeUndefined();
      expect(faults.some((fault) => fault.path.startsWith(at))).toBe(true);
    }
  });
});

/** Every path in a document, inner nodes included. */
function nodePaths(node: unknown, path = ""): string[] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const at = path === "" ? key.replace(".", "%") : `${path}/${key.replace(".", "%")}`;
    return [at, ...nodePaths(value, at)];
  });
}
