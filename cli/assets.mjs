// The second half of `npm run build`: puts what the compiled code reads at run time beside it, and removes the output of
// sources that are gone. Code finds these files with path.join(__dirname, …), compiled or not.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const dist = path.join(root, "dist");
const folders = ["stacks", "components", "profiles", "policies", "cli", "sandbox", "engine"];

/** Whatever is no source and no prose is read at run time. */
const isAsset = (file) => !/\.(ts|mts|mjs|md)$/.test(file);

/** Every file below a folder, relative to it. */
function filesBelow(folder, prefix = "") {
  if (!existsSync(path.join(folder, prefix))) return [];
  return readdirSync(path.join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(prefix, entry.name);
    return entry.isDirectory() ? filesBelow(folder, file) : [file];
  });
}

/** The sources that a file of dist may have come from. */
function sourcesOf(output) {
  const base = output.replace(/(\.d\.ts|\.js)(\.map)?$/, "");
  return base === output ? [output] : [`${base}.ts`, output];
}

for (const folder of folders) {
  for (const file of filesBelow(path.join(root, folder)).filter(isAsset)) {
    const target = path.join(dist, folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.join(root, folder, file), target);
  }
  const output = path.join(dist, folder);
  for (const file of filesBelow(output)) {
    if (sourcesOf(file).some((source) => existsSync(path.join(root, folder, source)))) continue;
    rmSync(path.join(output, file));
    removeEmpty(path.dirname(path.join(output, file)));
  }
}

function removeEmpty(folder) {
  if (folder === dist || readdirSync(folder).length > 0) return;
  rmdirSync(folder);
  removeEmpty(path.dirname(folder));
}
