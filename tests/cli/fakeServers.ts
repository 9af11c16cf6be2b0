import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Answers as a server would: a file per address; without one the connection is refused. */
const program = `#!/bin/sh
folder="$(dirname "$0")"
last=; host=
for word in "$@"; do host="$last"; last="$word"; done
printf '%s\\n' "$*" >> "$folder/calls"
cat > /dev/null
[ -e "$folder/$host.hang" ] && exec sleep 60
[ -e "$folder/$host" ] && exec cat "$folder/$host"
echo "ssh: connect to host $host port 22: Connection refused" >&2
exit 255
`;

/** Servers behind an `ssh` of our own, which is the first on the PATH until {@link close}. */
export class FakeServers {
  private constructor(
    readonly folder: string,
    private readonly pathBefore: string | undefined,
  ) {}

  static async start(): Promise<FakeServers> {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-ssh-"));
    await writeFile(path.join(folder, "ssh"), program);
    await chmod(path.join(folder, "ssh"), 0o755);
    const servers = new FakeServers(folder, process.env.PATH);
    process.env.PATH = `${folder}${path.delimiter}${process.env.PATH}`;
    return servers;
  }

  /** From now on the server prints this. */
  answer(address: string, printed: unknown): Promise<void> {
    const text = typeof printed === "string" ? printed : JSON.stringify(printed);
    return writeFile(path.join(this.folder, address), text);
  }

  /** From now on the server refuses the connection, as it did in the beginning. */
  refuse(address: string): Promise<void> {
    return rm(path.join(this.folder, address), { force: true });
  }

  /** From now on the server takes the connection and says nothing. */
  hang(address: string): Promise<void> {
    return writeFile(path.join(this.folder, `${address}.hang`), "");
  }

  /** The arguments of every call of ssh. */
  async calls(): Promise<string[]> {
    return (await readFile(path.join(this.folder, "calls"), "utf8")).trim().split("\n");
  }

  async close(): Promise<void> {
    process.env.PATH = this.pathBefore;
    await rm(this.folder, { recursive: true, force: true });
  }
}
