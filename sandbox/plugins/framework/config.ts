import { bridgedDialect, checkInputs, type Dialect, nativeDialect, wrongTypeReason } from "./check";
import { coerceText, tableDefault } from "./defaults";
import type { Fault, Props, ProviderDefinition } from "./provider";
import { configRoot, formatPath, type Path, type Place } from "./table";
import { isObject } from "./values";

/** What the engine mixes into a provider's configuration. */
const ENGINE_KEYS = new Set(["version", "pluginDownloadURL", "__internal", "__defaults"]);

/**
 * A provider's configuration in its real types: stack configuration and provider arguments arrive as text, with lists and
 * objects as JSON.
 */
export function decodeConfig(definition: ProviderDefinition<unknown>, raw: Props): Props {
  const root = configRoot(definition.facts);
  const config: Props = {};
  for (const [name, value] of Object.entries(raw)) {
    if (ENGINE_KEYS.has(name)) continue;
    const place = root.child(name);
    config[name] = place && typeof value === "string" ? decodeText(value, place) : value;
  }
  for (const [name, fact] of Object.entries(root.properties)) {
    if (config[name] !== undefined) continue;
    const place = root.child(name)!;
    const fromEnvironment = fact.env?.map((variable) => process.env[variable]).find((value) => value);
    const value = fromEnvironment === undefined ? tableDefault(place) : decodeText(fromEnvironment, place);
    if (value !== undefined) config[name] = value;
  }
  return config;
}

function decodeText(text: string, place: Place): unknown {
  if (place.kind === "string" || place.kind === "any") return text;
  if (place.kind === "array" || place.kind === "object" || place.kind === "map") {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return coerceText(text, place);
}

/** Faults of a provider's configuration, worded as the provider would. `name` is the provider resource's. */
export function configFaults(definition: ProviderDefinition<unknown>, config: Props, name: string): Fault[] {
  const dialect = definition.origin === "native" ? nativeDialect() : configDialect(definition.name, name);
  const { faults } = checkInputs(config, configRoot(definition.facts), dialect);
  if (faults.length > 0) return faults;
  return (definition.checkConfig?.(config) ?? []).map((fault) => dialect.reword(fault));
}

/** A provider made in the program is examined there, the default one in the stack's configuration. */
function configDialect(provider: string, name: string): Dialect {
  const bridged = bridgedDialect(name);
  const isDefault = name.startsWith("default");
  const reword = (fault: Fault): Fault => {
    const reason = `could not validate provider configuration: ${fault.reason}`;
    if (!isDefault || fault.property === "") return bridged.reword({ ...fault, reason });
    return { property: "", reason: `${reason}. Check \`pulumi config get ${provider}:${fault.property}\`.` };
  };
  const at = (path: Path, reason: string) => reword({ property: formatPath(path), reason });
  return {
    ...bridged,
    reword,
    invalid: at,
    unknown: (path) => (isDefault ? unknownKey(provider, formatPath(path)) : at(path, "Invalid or unknown key")),
    wrongType: (path, expected, value, secret) => at(path, wrongTypeReason(expected, value, secret)),
    missing: (path, owner) =>
      isDefault
        ? reasonOnly(
            `Provider is missing a required configuration key, try \`pulumi config set ${provider}:${formatPath(path)}\``,
          )
        : bridged.missing(path, owner),
  };
}

function reasonOnly(reason: string): Fault {
  return { property: "", reason };
}

function unknownKey(provider: string, key: string): Fault {
  return {
    property: "",
    reason:
      `\`${provider}:${key}\` is not a valid configuration key for the ${provider} provider. If the referenced key is not ` +
      `intended for the provider, please choose a different namespace from \`${provider}:\`.`,
  };
}

/** Names whose values differ between two configurations; secrets and all, by value. */
export function changedConfig(olds: Props, news: Props): string[] {
  const names = new Set([...Object.keys(olds), ...Object.keys(news)].filter((name) => !ENGINE_KEYS.has(name)));
  return [...names].filter((name) => stable(olds[name]) !== stable(news[name]));
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === "symbol" ? "unknown" : isObject(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  );
}
