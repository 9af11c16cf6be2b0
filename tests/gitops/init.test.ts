import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { text as contents } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { answersFor } from "../../cli/init/answers";
import { repositoryFiles, writeFiles } from "../../cli/init/scaffold";
import { temporaryFolder } from "../engine/folders";

const plain = (given: Partial<Parameters<typeof answersFor>[1]> = {}) =>
  answersFor("/home/ana/Acme Fleet", { package: "1.2.3", ...given }, undefined);

describe("creel init", () => {
  it("asks nothing where nobody answers: the folder's name, two stacks", async () => {
    expect(await plain()).toEqual({
      name: "acme-fleet",
      stacks: ["staging", "production"],
      backend: "s3://FILL-IN",
      package: "1.2.3",
    });
  });

  it("asks a person for what was not given", async () => {
    const person = { input: new PassThrough(), output: new PassThrough() };
    person.input.write("\n");
    setTimeout(() => person.input.end("gs://acme\n"), 50);
    const given = answersFor("fleet", { stacks: "one", package: "1.2.3" }, person);
    expect(await given).toMatchObject({ name: "fleet", stacks: ["one"], backend: "gs://acme" });
    person.output.end();
    expect(await contents(person.output)).toMatch(/Name of the fleet \(fleet\): .*Where to keep the state/s);
  });

  it("names everything that is wrong with its options", async () => {
    const bad = { name: "-x", stacks: "a,B,a", backend: "bucket", package: "a b" };
    await expect(plain(bad)).rejects.toThrow(
      /Nothing was written\n +--name +"-x"[^\n]*\n +--stacks +"B"[^\n]*\n +--stacks[^\n]*twice[^\n]*\n +--backend +"bucket"[^\n]*\n +--package +"a b"/,
    );
  });

  it("takes no stack whose environment would be another one's for pull requests", async () => {
    await expect(plain({ stacks: "one,one-preview,one-drift" })).rejects.toThrow(
      /"one-preview" ends like[^\n]*\n[^\n]*"one-drift" ends like/,
    );
  });

  it("writes a repository without anything left to replace, that is YAML and JSON", async () => {
    const folder = path.join(temporaryFolder(), "new", "fleet");
    await writeFiles(
      folder,
      await repositoryFiles(await plain({ package: "file:../creel-1.2.3.tgz", backend: "file:///x$&y" })),
    );
    expect(readdirSync(folder).sort()).toEqual([
      ...[".github", ".gitignore", "Pulumi.production.yaml", "Pulumi.staging.yaml", "Pulumi.yaml", "README.md"],
      ...["index.js", "package.json"],
    ]);
    const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = readFileSync(path.join(file.parentPath, file.name), "utf8");
      expect(text, file.name).not.toMatch(/__[A-Z]+__|\*\*[A-Z]+\*\*/);
      if (/\.ya?ml$/.test(file.name)) expect(parse(text)).toBeTypeOf("object");
    }
    expect(JSON.parse(read("package.json"))).toMatchObject({
      name: "acme-fleet",
      private: true,
      dependencies: { creel: "file:../creel-1.2.3.tgz" },
    });
    expect(parse(read("Pulumi.yaml"))).toMatchObject({
      name: "acme-fleet",
      main: "index.js",
      backend: { url: "file:///x$&y" },
    });
    expect(read("README.md")).toMatch(/^# `acme-fleet`\n[\s\S]*\(`staging, production`\)/);
    const { config } = parse(read("Pulumi.production.yaml"));
    expect(config["creel:fleet"].agents.atlas.operator).toBe("atlas-production.example.com");
  });

  it("writes nothing where anything is there already, and names all of it", async () => {
    const folder = temporaryFolder();
    const files = await repositoryFiles(await plain());
    mkdirSync(path.join(folder, ".git"));
    writeFileSync(path.join(folder, "README.md"), "mine");
    writeFileSync(path.join(folder, ".github"), "a file");
    symlinkSync("/nowhere", path.join(folder, "index.js"));
    const error = await writeFiles(folder, files).catch((thrown: Error) => thrown);
    expect((error as Error).message.split("\n").slice(1)).toEqual([
      "  .github/actions/setup/action.yml",
      "  .github/dependabot.yml",
      "  .github/workflows/deploy.yml",
      "  .github/workflows/drift.yml",
      "  .github/workflows/preview.yml",
      "  README.md",
      "  index.js",
    ]);
    expect(readdirSync(folder).sort()).toEqual([".git", ".github", "README.md", "index.js"]);
    expect(readFileSync(path.join(folder, "README.md"), "utf8")).toBe("mine");
  });
});
