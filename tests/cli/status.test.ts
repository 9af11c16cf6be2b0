import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isWell, lookAt } from "../../cli/status";
import { statusText } from "../../cli/statusText";
import { FakeServers } from "./fakeServers";
import { goodFleet, goodSurvey } from "./goodSurvey";

let servers: FakeServers;
beforeAll(async () => {
  servers = await FakeServers.start();
});
afterAll(() => servers.close());

/** The good fleet with a second server, which carries an agent too. */
function twoServers() {
  const fleet = goodFleet();
  fleet.servers.shoal = { ...fleet.servers.reef!, ipv4: "192.0.2.11" };
  fleet.agents.nova = { ...fleet.agents.atlas!, server: "shoal", container: "nova", url: "https://nova.example.com" };
  return fleet;
}

describe("creel status", () => {
  it("tells of servers and agents what they answer", async () => {
    await servers.answer("192.0.2.10", goodSurvey());
    const status = await lookAt(goodFleet(), 20);
    expect(isWell(status)).toBe(true);
    expect(status.servers).toEqual([
      {
        server: "reef",
        reachable: true,
        profile: "production",
        convergeAge: 1_800_000_000 - Date.parse("2027-01-15T06:00:00Z") / 1000,
        convergeOk: true,
        agents: 1,
        memoryMiB: 3900,
        memoryFreeMiB: 2100,
        uptime: 86_400,
        lastBoot: "2027-01-14T08:00:00.000Z",
        rebootRequired: false,
        updates: 3,
        securityUpdates: 1,
        bans: 1,
      },
    ]);
    expect(status.agents).toMatchObject([
      { agent: "atlas", health: "healthy", imageExpected: true, memoryMiB: 120, restarts: 0 },
    ]);
    // Not a terminal here, so one line per row and no colours.
    const lines = statusText(status).split("\n");
    expect(lines[1]).toBe(
      "reef\treachable\tproduction\t2 h ago\t1\t2100 of 3900 MiB\t1 d\t2027-01-14 08:00\t3 (1 security)\t1",
    );
    expect(lines).toHaveLength(4);
  });

  it("shows a dead server as such, and waits for nobody longer than it was told", async () => {
    await servers.answer("192.0.2.10", goodSurvey());
    await servers.hang("192.0.2.11");
    const started = Date.now();
    const status = await lookAt(twoServers(), 2);
    expect(Date.now() - started).toBeLessThan(8000);
    expect(status.servers[1]).toEqual({
      server: "shoal",
      reachable: false,
      failure: "no answer within 2 s",
      agents: 1,
    });
    expect(status.agents.map(({ health }) => health)).toEqual(["healthy", "unknown"]);
    expect(isWell(status)).toBe(false);
  });

  it("says why a server refuses, and takes no control sequence from one", async () => {
    const fleet = goodFleet();
    fleet.servers.reef!.ipv4 = "192.0.2.12";
    const refused = await lookAt(fleet, 20);
    expect(refused.servers[0]?.failure).toBe("ssh: connect to host 192.0.2.12 port 22: Connection refused");
    const survey = goodSurvey();
    survey.converge.ok.profile = "\u001b[2Jproduction\nreef\treachable";
    await servers.answer("192.0.2.12", survey);
    const text = statusText(await lookAt(fleet, 20));
    expect(text).not.toContain("\u001b");
    expect(text.split("\n")).toHaveLength(4);
  });

  it("tells a stopped, a missing and an exchanged container from a good one", async () => {
    const survey = goodSurvey();
    Object.assign(survey.containers.ok[0]!, { running: false, image: "other" });
    await servers.answer("192.0.2.10", survey);
    expect((await lookAt(goodFleet(), 20)).agents[0]).toMatchObject({ health: "stopped", imageExpected: false });
    survey.containers.ok.shift();
    await servers.answer("192.0.2.10", survey);
    expect((await lookAt(goodFleet(), 20)).agents[0]).toMatchObject({ health: "missing" });
  });
});
