import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { packageManagerOf } from "../../engine/languageHost/install";
import { parseOptions, splitArguments } from "../../engine/languageHost/options";
import { installedPackages, type Manifest, pluginOf, requiredPlugins } from "../../engine/languageHost/packages";
import { describeEnding } from "../../engine/languageHost/program";
import { temporaryFolder } from "./folders";

function install(folder: string, manifest: Manifest): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
}

describe("runtime options", () => {
  it("default as in the official host", () => {
    expect(parseOptions({})).toEqual({
      typescript: true,
      tsconfig: undefined,
      nodeargs: [],
      packagemanager: "auto",
      production: false,
    });
  });

  it.each([
    [{ typescript: "no" }, "runtime option typescript must be true or false"],
    [{ nodeargs: ["--x"] }, "runtime option nodeargs must be a string"],
    [{ packagemanager: "cargo" }, 'packagemanager is "cargo": use auto, npm, yarn, pnpm, bun'],
  ])("refuse %j", (options, message) => {
    expect(() => parseOptions(options)).toThrow(message);
  });

  it.each([
    ["", []],
    ["  --a   --b=1 ", ["--a", "--b=1"]],
    ["--a='x y' \"b c\"d", ["--a=x y", "b cd"]],
    ["a\\ b '\\' \"\\\"\" ''", ["a b", "\\", '"', ""]],
  ])("split %j as a shell does", (line, words) => {
    expect(splitArguments(line)).toEqual(words);
  });

  it("refuse an open quote", () => {
    expect(() => splitArguments("--title='x")).toThrow("open quote");
  });
});

describe("required plugins", () => {
  it("are those of all packages that the program can load, from the folder above too", () => {
    const root = temporaryFolder();
    install(root, {
      dependencies: { "@pulumi/random": "*", components: "*", absent: "*" },
      devDependencies: { tool: "*" },
    });
    const modules = path.join(root, "node_modules");
    install(path.join(modules, "@pulumi/random"), {
      name: "@pulumi/random",
      version: "4.21.2",
      pulumi: { resource: true },
    });
    install(path.join(modules, "tool"), { name: "tool", version: "1.0.0", devDependencies: { unseen: "*" } });
    install(path.join(modules, "unseen"), {
      name: "unseen",
      version: "1.0.0",
      pulumi: { resource: true, name: "unseen" },
    });
    install(path.join(modules, "components"), {
      name: "components",
      version: "1.0.0",
      dependencies: { "@pulumi/random": "^3" },
    });
    install(path.join(modules, "components/node_modules/@pulumi/random"), {
      name: "@pulumi/random",
      version: "3.0.0",
      dependencies: { components: "*" }, // a circle
      pulumi: { resource: true, name: "random", version: "v3.0.1" },
    });
    mkdirSync(path.join(root, "dist/stacks"), { recursive: true });
    expect(requiredPlugins(path.join(root, "dist/stacks"))).toEqual([
      { name: "random", version: "v4.21.2", server: "", parameterization: undefined },
      { name: "random", version: "v3.0.1", server: "", parameterization: undefined },
    ]);
    const direct = installedPackages(root).filter((found) => found.direct);
    expect(direct.map(({ manifest }) => manifest.name)).toEqual(["@pulumi/random", "components", "tool"]);
  });

  it("are found through a link to the program", () => {
    const root = temporaryFolder();
    install(path.join(root, "real"), { dependencies: { "@pulumi/random": "*" } });
    install(path.join(root, "real/node_modules/@pulumi/random"), {
      name: "@pulumi/random",
      version: "4.21.2",
      pulumi: { resource: true },
    });
    symlinkSync(path.join(root, "real"), path.join(root, "program"));
    expect(requiredPlugins(path.join(root, "program")).map(({ name }) => name)).toEqual(["random"]);
  });

  it("take the package's name only from Pulumi's own packages", () => {
    expect(pluginOf({ name: "@pulumi/x", version: "1.0.0", pulumi: { resource: true } })?.name).toBe("x");
    expect(pluginOf({ name: "@acme/x", version: "1.0.0", pulumi: { resource: true } })).toBeUndefined();
    expect(pluginOf({ name: "@pulumi/x", version: "1.0.0" })).toBeUndefined();
  });
});

describe("how a program ended", () => {
  it("is no error for 0, and nothing to add when the SDK has told the user", () => {
    expect(describeEnding({ code: 0, signal: null }, "")).toEqual({ error: "", bail: false });
    expect(describeEnding({ code: 32, signal: null }, "")).toEqual({ error: "", bail: true });
  });

  it("is named otherwise, with a remedy for too little memory", () => {
    expect(describeEnding({ code: 3, signal: null }, "").error).toBe("The program exited with code 3");
    const stderr = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
    expect(describeEnding({ code: null, signal: "SIGABRT" }, stderr).error).toMatch(/SIGABRT: .* --max-old-space-size/);
  });
});

describe("the package manager", () => {
  it("is the chosen one, else told by the lock file, else npm", () => {
    const folder = temporaryFolder();
    expect(packageManagerOf(folder, parseOptions({}))).toBe("npm");
    writeFileSync(path.join(folder, "pnpm-lock.yaml"), "");
    expect(packageManagerOf(folder, parseOptions({}))).toBe("pnpm");
    expect(packageManagerOf(folder, parseOptions({ packagemanager: "yarn" }))).toBe("yarn");
  });
});
