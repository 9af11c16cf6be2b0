import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface RegistryLogin {
  username: string;
  password: string;
  serveraddress: string;
}

/** The login for an image's registry; undefined = pull anonymously. */
export type RegistryCredentials = (image: string) => RegistryLogin | undefined;

/** Docker Hub's name in configuration files. */
const HUB = "index.docker.io";

/**
 * Logins from the provider's `registryAuth` list: each entry by user name and password, or by a Docker configuration
 * file (its content, its path, or the user's own).
 *
 * @throws Error when a configuration file leaves the login to a credential helper, which this plugin does not run.
 */
export function registryCredentials(entries: Record<string, unknown>[]): RegistryCredentials {
  const logins = new Map<string, RegistryLogin>();
  for (const entry of entries) {
    const address = hostOf(String(entry.address));
    const login = entry.authDisabled === true ? undefined : loginOf(entry, address);
    if (login) logins.set(address, login);
  }
  return (image) => logins.get(registryOf(image));
}

/** The registry a reference names: what stands before the first slash if it looks like a host. */
export function registryOf(image: string): string {
  const slash = image.indexOf("/");
  const first = slash < 0 ? "" : image.slice(0, slash);
  return first === "localhost" || /[.:]/.test(first) ? first : HUB;
}

function loginOf(entry: Record<string, unknown>, address: string): RegistryLogin | undefined {
  if (entry.username && entry.password) {
    return { username: String(entry.username), password: String(entry.password), serveraddress: address };
  }
  const file = entry.configFile ? String(entry.configFile) : join(homedir(), ".docker", "config.json");
  const content = entry.configFileContent
    ? String(entry.configFileContent)
    : existsSync(file)
      ? readFileSync(file, "utf8")
      : "{}";
  const config = JSON.parse(content) as {
    auths?: Record<string, { auth?: string }>;
    credHelpers?: Record<string, string>;
    credsStore?: string;
  };
  const found = Object.entries(config.auths ?? {}).find(([name]) => hostOf(name) === address);
  if (found?.[1].auth) {
    const [username = "", ...rest] = Buffer.from(found[1].auth, "base64").toString("utf8").split(":");
    return { username, password: rest.join(":"), serveraddress: address };
  }
  if (config.credsStore || config.credHelpers?.[address]) {
    throw new Error(`registryAuth for ${address}: credential helpers are not supported by this plugin`);
  }
  return undefined;
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}
