import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageFolder } from "../../engine/paths";
import { policies } from "../../policies/policies";

const read = (file: string) => readFileSync(path.join(packageFolder, file), "utf8");

describe("the pack", () => {
  it("is described policy by policy", () => {
    const rows = [...read("docs/policies.md").matchAll(/^\| `([\w-]+)` +\| (.+?) +\|$/gm)];
    expect(rows.map(([, name, description]) => ({ name, description }))).toEqual(
      policies.map(({ name, description }) => ({ name, description })),
    );
  });

  it("stops what it refuses, and has each policy once", () => {
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
    expect(policies.filter(({ enforcementLevel }) => enforcementLevel !== "mandatory")).toEqual([]);
  });

  it("is a folder that Pulumi runs by itself, compiled, in the version of the package", () => {
    const manifest = JSON.parse(read("policies/package.json"));
    expect(manifest.version).toBe(JSON.parse(read("package.json")).version);
    expect(manifest.main).toBe("index.js");
    expect(parse(read("policies/PulumiPolicy.yaml")).runtime).toEqual({
      name: "nodejs",
      options: { typescript: false },
    });
  });
});
