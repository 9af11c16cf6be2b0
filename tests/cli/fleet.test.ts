import { describe, expect, it } from "vitest";
import { isAtLeast } from "../../cli/doctor/symptoms";
import { fleetFrom, named } from "../../cli/fleet";
import { logsCommand, logsWords } from "../../cli/logs";
import { goodFleet } from "./goodSurvey";

describe("the stack's outputs", () => {
  it("are read when they are those of a fleet, whatever else there is", () => {
    const fleet = goodFleet();
    expect(fleetFrom({ fleet: { ...fleet, zones: {} }, edge: {} }, "outputs.json")).toEqual(fleet);
  });

  it.each([
    ["nothing", {}],
    ["no object", null],
    ["a host key with a command in it", change({ hostKey: "ssh-ed25519 AAAA; touch /tmp/x" })],
    ["a user who is an option of ssh", change({ user: "-oProxyCommand=x" })],
    ["an address that is none", change({ ipv4: "-oProxyCommand=x" })],
    ["a masked secret", change({ hostKey: "[secret]" })],
  ])("are refused with a remedy: %s", (_, outputs) => {
    expect(() => fleetFrom(outputs, "outputs.json")).toThrow(/outputs\.json: there is no fleet .* pulumi up/);
  });

  it("are refused where an agent's server is missing", () => {
    const fleet = goodFleet();
    fleet.agents.atlas!.server = "shoal";
    expect(() => fleetFrom({ fleet }, "outputs.json")).toThrow("agent atlas is on server shoal");
  });

  it("say which names there are", () => {
    expect(() => named("server", "toString", goodFleet().servers)).toThrow("no server toString. There are: reef.");
  });
});

describe("creel logs", () => {
  it("asks Docker on the server", () => {
    expect(logsWords("atlas", { follow: true, since: "10m" }).join(" ")).toBe(
      "sudo -n docker logs --follow --since 10m atlas",
    );
  });

  it("hands nothing but a time to the server's shell", async () => {
    const command = logsCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    const run = command.parseAsync(["atlas", "--since", "1h; reboot"], { from: "user" });
    await expect(run).rejects.toThrow("It is a duration");
  });
});

describe("creel doctor", () => {
  it.each([
    ["9.2", "8.5", true],
    ["8.4", "8.5", false],
    ["10.0", "8.5", true],
    ["20.19.0", "20.19", true],
    ["20.9.9", "20.19", false],
  ])("takes %s for at least %s: %s", (version, least, verdict) => {
    expect(isAtLeast(version, least)).toBe(verdict);
  });
});

function change(values: Partial<ReturnType<typeof goodFleet>["servers"][string]>) {
  const fleet = goodFleet();
  Object.assign(fleet.servers.reef!, values);
  return { fleet };
}
