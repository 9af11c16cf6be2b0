import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { changesMarkdown } from "../../cli/changes/markdown";
import { runPreview } from "../../cli/changes/run";
import { summaryOf } from "../../cli/changes/summary";
import { temporaryFolder } from "../engine/folders";

it("a preview that ends before it names its project has the same marker as one that does not", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "Pulumi.yaml"), "# ours\nname: acme-fleet # a name\nruntime: nodejs\n");
  const pulumi = path.join(folder, "pulumi");
  writeFileSync(pulumi, "#!/bin/sh\necho 'error: the state cannot be read' >&2\nexit 255\n");
  chmodSync(pulumi, 0o755);
  const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}` };
  const preview = await runPreview({ stack: "one", folder, env });
  const text = changesMarkdown(summaryOf(preview, { stack: "one" }));
  expect(text).toMatch(/^<!-- creel:changes acme-fleet\/one -->\n[\s\S]*the state cannot be read/);
});
