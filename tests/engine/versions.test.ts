import { describe, expect, it } from "vitest";
import { allPlugins, compareVersions, pluginVersion } from "../../engine/versions";

describe("compareVersions", () => {
  it.each([
    ["3.207.0", "3.207.0", 0],
    ["v3.259.0", "3.259.0", 0],
    ["3.100.0", "3.99.9", 1],
    ["3.207.0", "3.207.1", -1],
    ["2.999.999", "3.0.0", -1],
    ["3.260.0-alpha.1", "3.259.0", 1],
  ])("%s against %s", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });

  it("refuses what is no version", () => {
    expect(() => compareVersions("latest", "1.0.0")).toThrow('"latest" is not a version');
  });
});

describe("pluginVersion", () => {
  it.each(allPlugins)("finds the version that @pulumi/%s asks for", (name) => {
    expect(pluginVersion(name)).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
