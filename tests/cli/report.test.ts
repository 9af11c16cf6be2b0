import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FleetReport, fleetReport } from "../../cli/report/fleetReport";
import { type FleetSeen, lookAtFleet, nothingSeen } from "../../cli/report/fleetSeen";
import { reportPage } from "../../cli/report/page/page";
import { remedies } from "../../cli/report/remedies";
import type { Outside } from "../../cli/verify/outside";
import { verifyFleet } from "../../cli/verify/verifyFleet";
import { FakeServers } from "./fakeServers";
import { goodFleet, goodSurvey } from "./goodSurvey";
import { answerMixed, mixedFleet, mixedOutside, surveyOf } from "./mixedFleet";

let servers: FakeServers;
beforeAll(async () => {
  servers = await FakeServers.start();
});
afterAll(() => servers.close());

const made = "2027-01-15T08:00:00.000Z";

/** The mixed fleet as it is seen, after a change to what is out there. */
async function look(change?: () => Promise<void>, outside: Outside = mixedOutside()): Promise<FleetSeen> {
  await answerMixed(servers);
  await change?.();
  return lookAtFleet(mixedFleet(), outside, { seconds: 20 });
}

async function report(change?: () => Promise<void>, outside?: Outside): Promise<FleetReport> {
  return fleetReport(mixedFleet(), await look(change, outside), "production", made);
}

/** What the first server of the mixed fleet answers, after a change. */
function visited(change: (survey: ReturnType<typeof surveyOf>) => void): () => Promise<void> {
  const survey = surveyOf("reef-1");
  change(survey);
  return () => servers.answer("192.0.2.21", survey);
}

describe("the report of a fleet", () => {
  it("counts as unknown what a dead server cannot tell, and says the reason once", async () => {
    const { counts, findings, matrix } = await report();
    // Ten controls of the server, eight of each of its three containers.
    expect(counts).toEqual({ holds: 103, broken: 5, unknown: 34, inapplicable: 1 });
    expect(findings.map(({ verdict, id, cases }) => `${verdict} ${id} ${cases.map(({ subject }) => subject)}`)).toEqual(
      [
        "broken drift reef-1",
        "broken ssh-settings reef-1",
        "broken strangers reef-1",
        "broken image nova-support",
        "broken certificate orion.example.com",
        "unknown reachable shoal",
      ],
    );
    const cell = (id: string) => matrix.flatMap(({ rows }) => rows).find((row) => row.id === id)?.cells;
    expect(cell("firewall")?.map(({ state }) => state)).toEqual(["holds", "holds", "unknown"]);
    expect(cell("image")).toMatchObject([
      { state: "broken", of: 6, bad: 1, finding: "broken-image" },
      { state: "holds", of: 2 },
      { state: "unknown", of: 3, bad: 3, finding: "unknown-reachable" },
    ]);
    expect(cell("webhook-paths")?.map(({ state }) => state)).toEqual(["holds", "none", "holds"]);
  });

  it("agrees with verify where every server answers", async () => {
    const change = () => servers.answer("192.0.2.23", surveyOf("shoal"));
    const { counts } = await report(change);
    const results = await verifyFleet(mixedFleet(), mixedOutside(), { seconds: 20 });
    await servers.refuse("192.0.2.23");
    expect(Object.values(counts).reduce((sum, one) => sum + one)).toBe(results.length);
    expect(counts.broken).toBe(results.filter(({ verdict }) => verdict === "broken").length);
  });

  it("knows a remedy for every control that there is", async () => {
    await servers.answer("192.0.2.10", goodSurvey());
    const fleet = goodFleet();
    const { visit, ...others } = mixedOutside();
    const results = await verifyFleet(fleet, { visit, ...others }, { seconds: 20, tokens: { ana: {} } });
    const ids = new Set([...results.map(({ id }) => id), "reachable", "present"]);
    expect(Object.keys(remedies).sort()).toEqual([...ids].sort());
  });

  it("tells the ages of secrets by their names, and which are not there", async () => {
    const { agents } = await report(
      visited(({ secrets }) => delete secrets.ok["/etc/agent-secrets/atlas/MODEL_API_KEY.cred"]),
    );
    const age = 214 * 86_400;
    expect(agents.map(({ agent, secrets }) => [agent, secrets.map(({ name, ...rest }) => [name, rest])])).toMatchObject(
      [
        [
          "atlas",
          [
            ["MODEL_API_KEY", { missing: true }],
            ["TUNNEL_TOKEN", { age, connector: "operator" }],
            ["TUNNEL_TOKEN", { age, connector: "bot" }],
          ],
        ],
        [
          "nova-support",
          [
            ["MODEL_API_KEY", { age }],
            ["TUNNEL_TOKEN", {}],
            ["TUNNEL_TOKEN", {}],
          ],
        ],
        [
          "orion",
          [
            ["MODEL_API_KEY", { age }],
            ["TUNNEL_TOKEN", {}],
          ],
        ],
        ["pelagia", [["MODEL_API_KEY", {}]]],
      ],
    );
  });

  it("says of tunnels what can be seen of them", async () => {
    const stopped = visited(({ containers }) => Object.assign(containers.ok[1]!, { health: "unhealthy" }));
    const { visit, ...others } = mixedOutside();
    const noConnector: Outside = {
      ...others,
      visit: async (url, headers) => {
        const seen = await visit(url, headers);
        return url.hostname === "pelagia-bot.example.com" ? { ...seen, status: 530 } : seen;
      },
    };
    const { entrances } = await report(stopped, noConnector);
    expect(entrances.map(({ hostname, tunnel }) => `${hostname} ${tunnel.state}: ${tunnel.seen}`)).toEqual([
      "atlas.example.com down: its connector is unhealthy",
      "atlas-bot.example.com up: its connector answered",
      "nova-support.example.com up: its connector is connected",
      "nova-support-bot.example.com up: its connector answered",
      "orion.example.com up: its connector is connected",
      "pelagia.example.com unknown: not to be seen from outside",
      "pelagia-bot.example.com down: Cloudflare finds no connector (530)",
    ]);
  });

  it("shows what has not been looked at as that, and not as well or dead", async () => {
    const empty = fleetReport(mixedFleet(), nothingSeen(), "production", made);
    expect(empty.counts).toEqual({ holds: 0, broken: 0, unknown: 0, inapplicable: 0 });
    const page = reportPage(empty);
    expect(page).toContain("Still looking");
    expect(page).not.toMatch(/All 0 controls hold|>dead</);
  });
});

describe("the page of a report", () => {
  it("takes text from servers for nothing but text", async () => {
    const attack = `</style><script>alert(1)</script><img src=x onerror=alert(1)>"'\u001b[2J\u202e\u0000 javascript:`;
    const hostile = visited((survey) => {
      const [atlas] = survey.containers.ok;
      Object.assign(atlas!, { image: attack, health: attack, restarts: 1e300 });
      survey.containers.ok.push({ ...atlas!, name: attack.repeat(1000) });
      Object.assign(survey.converge.ok, { profile: attack, version: attack, finished: attack });
      Object.assign(survey.bans.ok, { [attack]: [attack], sshd: Array(5000).fill(attack) });
      survey.drift.ok.push(attack, ...Array<string>(5000).fill(attack));
      Object.assign(survey.secrets.ok, {
        [`/etc/agent-secrets/atlas/${attack}.cred`]: survey.secrets.ok["/etc/agent-secrets/atlas"],
      });
      Object.assign(survey, { guard: { error: attack } });
    });
    const { visit, ...others } = mixedOutside();
    const outside: Outside = {
      ...others,
      addresses: async () => [attack],
      visit: async (url) => ({ ...(await visit(url)), protocol: attack, location: attack }),
    };
    const page = reportPage(await report(hostile, outside));
    const inserted = page.slice(page.indexOf("<body>"));
    expect(inserted).not.toMatch(/<script|<img|<\/style|onerror="|href="javascript/i);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(inserted).not.toMatch(/[\u0000\u001b\u202e]/);
    expect(inserted).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page.length).toBeLessThan(300_000);
  });

  it("leaves out what may be a secret in what a server says", async () => {
    const leak = "token=CANARYq7Zk29Lm84Vx01Nb";
    const page = reportPage(await report(visited((survey) => survey.drift.ok.push(`ssh: ${leak}`))));
    expect(page.match(/CANARY/g)).toBeNull();
  });

  it("needs nothing from anywhere", async () => {
    const page = reportPage(await report());
    expect(page).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-/,
    );
    expect(page).not.toMatch(/<script|<link|@import|url\(|\ssrc=|\sstyle=|\son\w+=/);
  });
});
