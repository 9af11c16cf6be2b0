import { type AgentRuntime, runtimes } from "../profiles/runtimes";
import type { AgentContainerArgs } from "./agentContainer";
import { isInherited } from "./agentNames";
import type { Fault } from "./faults";
import { imageFaults } from "./images";
import { environmentFaults, plainSecretFaults } from "./plainText";
import { didYouMean } from "./suggestions";

/**
 * Everything that is wrong with an agent's arguments, as far as they are given. Values of secrets are not looked at:
 * they may not be known yet.
 */
export function agentContainerFaults(args: Partial<Omit<AgentContainerArgs, "host">>): Fault[] {
  const image = args.image === undefined ? [] : imageFaults("image", args.image);
  const name = args.runtime ?? "generic";
  if (!Object.hasOwn(runtimes, name)) {
    const remedy = didYouMean(name, Object.keys(runtimes), "runtimes");
    return [...image, { path: "runtime", value: name, reason: "is not a runtime", remedy }];
  }
  const runtime: AgentRuntime = runtimes[name];
  const faults = [
    ...image,
    ...numberFaults("memory", args.memory, runtime.leastMemory, 1024 * 1024, `MiB, for ${name}`),
    ...numberFaults("cpus", args.cpus, 0.01, 1024, "processors"),
    ...numberFaults("cpuShares", args.cpuShares, 2, 1023, "shares"),
    ...numberFaults("tasksMax", args.tasksMax, 16, 32768, "processes"),
    ...numberFaults("port", args.port, 1, 65535, "a TCP port"),
    ...environmentFaults("environment", args.environment ?? {}, asSecret),
    ...wordFaults("command", args.command),
    ...wordFaults("health", args.health),
    ...Object.keys(args.secrets ?? {}).flatMap((key) => secretNameFaults(`secrets.${key}`, key)),
  ];
  const health = args.health ?? runtime.health?.({ port: runtime.port, memory: runtime.leastMemory }) ?? [];
  if (Array.isArray(health) && health.length === 0) {
    const remedy = `write the words of a command in the image that exits with 0 when the agent is healthy`;
    faults.push({ path: "health", reason: `is missing, and ${name} has no default for it`, remedy });
  } else if (/^(CMD|CMD-SHELL|NONE)$/.test(health[0]!)) {
    faults.push({
      path: "health[0]",
      value: health[0],
      reason: "is no program",
      remedy: "write the program's words only",
    });
  }
  return faults;
}

/** Where a secret belongs. */
const asSecret = "give it as a secret: it is read at /run/secrets/NAME";

/** What is wrong with the words of a command: no text at all, one that no program can be given, or a secret. */
function wordFaults(path: string, words: string[] = []): Fault[] {
  if (!Array.isArray(words)) return [{ path, reason: "is not a list", remedy: "write the command's words as a list" }];
  return words.flatMap((word, i): Fault[] => {
    const at = `${path}[${i}]`;
    const remedy = "write one word of the command in each place";
    if (typeof word !== "string" || word === "") return [{ path: at, value: word, reason: "is no word", remedy }];
    if (word.includes("\0")) return [{ path: at, value: word, reason: "holds a NUL character", remedy }];
    return plainSecretFaults(word, asSecret, at);
  });
}

/** What is wrong with the name of a secret, which becomes that of a file. */
export function secretNameFaults(path: string, key: string): Fault[] {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) && !isInherited(key)) return [];
  const remedy = isInherited(key)
    ? "choose another name"
    : "use at most 64 letters, digits and underscores, no digit first";
  return [{ path, value: key, reason: "is not a name of a secret", remedy }];
}

/** What is wrong with a number: out of bounds, or finer than its unit allows. */
function numberFaults(path: string, value: number | undefined, least: number, most: number, unit: string): Fault[] {
  const steps = least < 1 ? 100 : 1;
  const fits = value === undefined || (value >= least && value <= most && Number.isInteger(value * steps));
  if (fits) return [];
  const kind = steps === 1 ? "a whole number" : "a number with at most two decimals";
  const reason = value < least ? "is too little" : value > most ? "is too much" : `is not ${kind}`;
  return [{ path, value, reason, remedy: `write ${kind} from ${least} to ${most} (${unit})` }];
}
