import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { copyWithoutSecrets } from "../../cli/validate/copy";
import { temporaryFolder } from "../engine/folders";

it("creel validate leaves a state in the project's own folder alone", async () => {
  const project = temporaryFolder();
  mkdirSync(path.join(project, ".pulumi"));
  writeFileSync(path.join(project, "Pulumi.yaml"), "name: fleet\n");
  writeFileSync(path.join(project, "Pulumi.one.yaml"), "config:\n  hcloud:token:\n    secure: v1:x\n");
  const copy = await copyWithoutSecrets(project, "one");
  expect(readdirSync(copy.folder).sort()).toEqual(["Pulumi.one.yaml", "Pulumi.yaml"]);
  expect(copy.secrets).toEqual(["hcloud:token"]);
  await copy.remove();
});
