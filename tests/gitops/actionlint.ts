import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { makeOnce } from "../../engine/once";
import { cacheFolder } from "../../engine/paths";

/** The module that names actionlint and everything it needs, with checksums. */
const moduleFolder = path.join(__dirname, "actionlint");
const program = "github.com/rhysd/actionlint";

/** Builds actionlint from its Go module, once for each version, outside the checkout; gives the executable. */
export async function buildActionlint(go: string): Promise<string> {
  const [, version] = new RegExp(`${program} (v\\S+)`).exec(readFileSync(path.join(moduleFolder, "go.mod"), "utf8"))!;
  const folder = path.join(cacheFolder(), "actionlint", version!);
  await makeOnce(folder, async (unfinished) => {
    await mkdir(unfinished, { recursive: true });
    await execa(go, ["build", "-trimpath", "-buildvcs=false", "-o", `${unfinished}/`, `${program}/cmd/actionlint`], {
      cwd: moduleFolder,
      env: { CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly", GOTOOLCHAIN: "auto" },
    });
  });
  return path.join(folder, "actionlint");
}
