import { mkdir, readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { extract } from "tar";
import { packageFolder } from "../../engine/paths";

/** The package as npm would publish it, unpacked in a folder beside the packages that it needs. */
export async function unpackPackage(folder: string): Promise<string> {
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await execa("npm", pack, { cwd: packageFolder });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await extract({ file: path.join(folder, filename), cwd: folder });
  const unpacked = path.join(folder, "package");
  await symlink(path.join(packageFolder, "node_modules"), path.join(unpacked, "node_modules"));
  return unpacked;
}

/** Gives a project the packages that `npm install` would give it, from this computer. */
export async function linkPackages(project: string, creel: string): Promise<void> {
  const modules = path.join(project, "node_modules");
  await mkdir(modules);
  const there = path.join(packageFolder, "node_modules");
  const names = (await readdir(there)).filter((name) => !name.startsWith("."));
  await Promise.all(names.map((name) => symlink(path.join(there, name), path.join(modules, name))));
  await symlink(creel, path.join(modules, "creel"));
}
