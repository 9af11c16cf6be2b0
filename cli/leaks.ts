import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Deployment } from "./deployment";
import type { Canary, Check, DeployedServer } from "./proof";

/** A place on a server whose text is searched. */
interface Channel {
  title: string;
  /** Shell text, run as root, that prints everything there is in that place. */
  print: string;
  /** Something that is always in it: a search that does not find this has not searched. */
  control: string;
}

/** Python that prints a server's user-data, and what is packed in it. */
const printUserData = `
import base64, gzip, sys, urllib.request, yaml
text = urllib.request.urlopen("http://169.254.169.254/hetzner/v1/userdata", timeout=5).read()
out = sys.stdout.buffer
out.write(text)
for file in yaml.safe_load(text)["write_files"]:
    if file.get("encoding") == "gz+b64":
        out.write(gzip.decompress(base64.b64decode(file["content"])))
`;

const channels: Channel[] = [
  {
    title: "environments and arguments of the server's processes",
    print: 'for p in /proc/[0-9]*; do cat $p/environ $p/cmdline; done 2>/dev/null | tr "\\0" "\\n"',
    control: "CREEL_CONTROL=searched",
  },
  { title: "docker inspect of every container", print: "docker inspect $(docker ps -aq)", control: '"Mounts"' },
  {
    title: "logs of every container and of the system",
    print: "for c in $(docker ps -aq); do docker logs $c; done 2>&1; journalctl -q --no-pager",
    control: "systemd",
  },
  { title: "user-data, unpacked", print: `python3 -c '${printUserData}'`, control: "#cloud-config" },
];

/**
 * Looks for a secret's value everywhere it must not be: the stack's state, history and file on this computer; disk,
 * process environments and arguments, every container's description and log, the journal and user-data of the server.
 *
 * It is looked for as it is, in base64 and in hexadecimal. Exactly one file of the server may hold it: the agent's own,
 * in memory. Each search also looks for something that is there, and fails without it. The value travels by standard
 * input only, so that the search does not put it where it searches.
 */
export async function leakChecks(deployment: Deployment, server: DeployedServer, canary: Canary): Promise<Check[]> {
  const forms = formsOf(canary.value);
  const checks = [await localCheck(deployment, canary, forms), await filesCheck(deployment, server, canary, forms)];
  for (const channel of channels) checks.push(await channelCheck(deployment, server, channel, forms));
  return checks;
}

/** A value as it would look when it is written down in one of the usual ways. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  // Without padding: it is not there when more follows.
  return [value, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("hex")];
}

async function localCheck(deployment: Deployment, canary: Canary, forms: string[]): Promise<Check> {
  const roots = [deployment.stateFolder, deployment.stackFile];
  const held = await filesHolding(roots, forms);
  const control = await filesHolding(roots, [canary.agent]);
  const searched = control.length > 1;
  return {
    title: "secret in state, history and stack file",
    ok: searched && held.length === 0,
    seen: searched ? held.join(", ") || "nowhere" : "the search found no state",
  };
}

/** Root's search of the file systems; the agent's own file is what it has to find, and the only one. */
async function filesCheck(
  deployment: Deployment,
  server: DeployedServer,
  canary: Canary,
  forms: string[],
): Promise<Check> {
  const folders = "/etc /var /root /home /opt /srv /tmp /usr/local /run /dev/shm";
  const command = `sudo grep -rlFf - --devices=skip ${folders} 2>/dev/null | sort`;
  const { stdout } = await deployment.ssh(server, command, { input: forms.join("\n"), reject: false });
  const found = stdout.trim();
  const own = `/run/agent-secrets/${canary.agent}/${canary.key}`;
  return { title: "secret in files of the server", ok: found === own, seen: found || "nowhere, not even in its place" };
}

async function channelCheck(
  deployment: Deployment,
  server: DeployedServer,
  channel: Channel,
  forms: string[],
): Promise<Check> {
  const script = `exec 3<&0 </dev/null; umask 077; t=$(mktemp -p /run)
    { ${channel.print}
    } >"$t"
    grep -cF -e ${quoted(channel.control)} "$t"; grep -cFf /dev/fd/3 "$t"; rm -f "$t"`;
  const command = `sudo CREEL_CONTROL=searched sh -c ${quoted(script)}`;
  const { stdout } = await deployment.ssh(server, command, { input: forms.join("\n"), reject: false });
  const [control, found] = stdout.trim().split("\n").map(Number);
  const searched = control !== undefined && control > 0 && found !== undefined;
  const seen = searched ? (found === 0 ? "nowhere" : `in ${found} lines`) : "the search did not work";
  return { title: `secret in ${channel.title}`, ok: searched && found === 0, seen };
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The files below some folders, or among some files, that contain one of the texts. */
export async function filesHolding(roots: string[], texts: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const root of roots) {
    const names = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files = names ? names.filter((n) => n.isFile()).map((n) => path.join(n.parentPath, n.name)) : [root];
    for (const file of files) {
      const content = await readFile(file);
      if (texts.some((text) => content.includes(text))) found.push(file);
    }
  }
  return found;
}
