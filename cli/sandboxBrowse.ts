import { Command } from "commander";
import { readWorld, type World } from "../sandbox/world";
import { curlLine, openInBrowser } from "./browser";

/** `creel sandbox browse`: the sandbox's internet as a person sees it. */
export function browseCommand(): Command {
  return new Command("browse")
    .description(
      "open an address of the sandbox in a browser that is in its world; without a screen, say how to ask for it",
    )
    .argument("[url]", "Default: every public name there is, and the mailbox.")
    .action(browse);
}

async function browse(url: string | undefined): Promise<void> {
  const world = await readWorld();
  if (!world) throw new Error("The sandbox is not up: run `creel sandbox up`, or `npm run demo`");
  const urls = url === undefined ? [...(await publicUrls(world)), world.mailbox] : [checked(url)];
  if (await openInBrowser(world, urls)) return;
  console.log("There is no Chromium here, or no screen to show it on. On the command line:");
  for (const each of urls) console.log(new URL(each).hostname === "127.0.0.1" ? `curl ${each}` : curlLine(world, each));
}

/** A browser would take anything else for a search or a switch. */
function checked(url: string): string {
  if (/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) return url;
  throw new Error(`"${url}" is no address: write it with https://`);
}

/** Address of every name that has a DNS record. */
async function publicUrls(world: World): Promise<string[]> {
  const answer = await fetch(`${new URL(world.cloudflare.baseUrl).origin}/_sandbox/inventory`);
  const { dns_records } = (await answer.json()) as { dns_records: { names: string[] } };
  return dns_records.names.map((name) => `https://${name}/`);
}
