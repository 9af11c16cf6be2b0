import { bridgedDialect, checkInputs, nativeDialect } from "./check";
import { coerceText, tableDefault } from "./defaults";
import type { Fault, Props, ProviderDefinition } from "./provider";
import { configRoot, type Place } from "./table";
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

/** Faults of a provider's configuration, worded as the provider would. */
export function configFaults(definition: ProviderDefinition<unknown>, config: Props, name: string): Fault[] {
  const root = configRoot(definition.facts);
  const isDefault = name.startsWith("default");
  if (definition.origin === "native") return checkInputs(config, root, nativeDialect()).faults;
  const bridged = bridgedDialect(name);
  const dialect: typeof bridged = {
    ...bridged,
    unknown: (path, owner) =>
      isDefault ? unknownKey(definition.name, String(path[0])) : prefix(bridged.unknown(path, owner)),
    wrongType: (...args) => prefix(bridged.wrongType(...args)),
    invalid: (...args) => prefix(bridged.invalid(...args)),
  };
  const faults = checkInputs(config, root, dialect).faults;
  return faults.length > 0 ? faults : (definition.checkConfig?.(config) ?? []);
}

function prefix(fault: Fault): Fault {
  return { ...fault, reason: `could not validate provider configuration: ${fault.reason}` };
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
