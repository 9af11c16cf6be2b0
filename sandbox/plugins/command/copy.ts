import { randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { SFTPWrapper } from "ssh2";
import { same } from "../framework/diff";
import type { Call, Props, ResourceHandler } from "../framework/provider";
import { Archive, Asset } from "../framework/values";
import { connectionOf } from "./remote";

async function copy(inputs: Props, call: Call): Promise<Props> {
  const { dial } = await import("./dial.js");
  const { client, close } = await dial(connectionOf(inputs), call);
  const abort = () => client.destroy();
  call.signal.addEventListener("abort", abort, { once: true });
  try {
    const sftp = await promisify<SFTPWrapper>((done) => client.sftp(done as never))();
    await put(new RemoteFiles(sftp), inputs.source, String(inputs.remotePath));
    return inputs;
  } finally {
    call.signal.removeEventListener("abort", abort);
    close();
  }
}

/** Sends an asset or archive: a text or file to a path (into it, if it is a folder), a folder recursively. */
async function put(files: RemoteFiles, source: unknown, destination: string): Promise<void> {
  if (source instanceof Archive && source.source.assets) {
    await files.makeFolders(destination);
    for (const [name, item] of Object.entries(source.source.assets)) {
      await put(files, item, path.posix.join(destination, name));
    }
    return;
  }
  if (!(source instanceof Asset || source instanceof Archive)) throw new Error("either asset or archive must be set");
  const { path: file, uri } = source.source;
  if (file !== undefined) await putPath(files, file, destination);
  else if (uri !== undefined) await putUri(files, uri, destination);
  else await putText(files, source instanceof Asset ? (source.source.text ?? "") : "", destination);
}

async function putText(files: RemoteFiles, text: string, destination: string): Promise<void> {
  if ((await files.kind(destination)) === "folder") {
    throw new Error(
      `remote path ${destination} is a directory; when using a text asset, remotePath must be a file path`,
    );
  }
  await files.makeFolders(path.posix.dirname(destination));
  await files.write(destination, Buffer.from(text));
}

async function putUri(files: RemoteFiles, uri: string, destination: string): Promise<void> {
  const response = await fetch(uri);
  if (!response.ok) throw new Error(`failed to read remote asset ${uri}: ${response.status} ${response.statusText}`);
  const target = await files.target(destination, path.posix.basename(new URL(uri).pathname));
  await files.write(target, Buffer.from(await response.arrayBuffer()));
}

/** A folder goes into the destination under its own name, or, written with a slash at its end, only its contents do. */
async function putPath(files: RemoteFiles, source: string, destination: string): Promise<void> {
  if (!statSync(source).isDirectory()) {
    await files.write(await files.target(destination, path.basename(source)), await readFile(source));
    return;
  }
  const folder = source.endsWith("/") ? destination : path.posix.join(destination, path.basename(source));
  await putFolder(files, source, folder);
}

async function putFolder(files: RemoteFiles, source: string, folder: string): Promise<void> {
  if ((await files.kind(folder)) === "file") throw new Error(`remote path ${folder} exists but is not a directory`);
  await files.makeFolders(folder);
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    const from = path.join(source, entry.name);
    const to = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) await putFolder(files, from, to);
    else await files.write(to, await readFile(from));
  }
}

/** The other side's file system. */
class RemoteFiles {
  constructor(private readonly sftp: SFTPWrapper) {}

  kind(file: string): Promise<"file" | "folder" | undefined> {
    return new Promise((resolve) => {
      this.sftp.stat(file, (error, stats) => resolve(error ? undefined : stats.isDirectory() ? "folder" : "file"));
    });
  }

  /** Where a file named `name` goes: into `destination` if that is a folder, else there, its folders made. */
  async target(destination: string, name: string): Promise<string> {
    const kind = await this.kind(destination);
    if (kind === "folder") return path.posix.join(destination, name);
    if (kind === undefined) await this.makeFolders(path.posix.dirname(destination));
    return destination;
  }

  async makeFolders(folder: string): Promise<void> {
    if (folder === "/" || folder === "." || folder === "" || (await this.kind(folder)) === "folder") return;
    await this.makeFolders(path.posix.dirname(folder));
    await promisify((done) => this.sftp.mkdir(folder, done as never))().catch((error: Error) => {
      throw new Error(`failed to create remote directory ${folder}: ${error.message}`);
    });
  }

  async write(file: string, content: Buffer): Promise<void> {
    await promisify((done) => this.sftp.writeFile(file, content, done as never))().catch((error: Error) => {
      throw new Error(`failed to create remote file ${file}: ${error.message}`);
    });
  }
}

/** command.remote.CopyToRemote: files to another machine over SFTP; deleting the resource leaves them there. */
export const copyToRemote: ResourceHandler<unknown> = {
  create: async (_, inputs, call) => ({ id: randomBytes(4).toString("hex"), outputs: await copy(inputs, call) }),
  read: async (_, id, state, inputs) => ({ id, outputs: state, inputs }),
  async update(_, __, state, news, call) {
    const unchanged = same(state.source, news.source) && state.remotePath === news.remotePath;
    return unchanged ? news : copy(news, call);
  },
  delete: async () => {},
};
