import * as pulumi from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { sshOptions } from "../../components/connection";

/** One resource as the program registered it. */
export interface Registered {
  type: string;
  name: string;
  /** Inputs, secrets still in their wrappers. */
  inputs: Record<string, unknown>;
}

const secretMark = "4dabf18193072939515e22adb298388d";

/** Whether a value is a secret in its wrapper. */
export function isSecretWrapper(value: unknown): value is { value: unknown } {
  return typeof value === "object" && value !== null && secretMark in value;
}

/** The same value with every secret out of its wrapper. */
export function unwrapped(value: unknown): unknown {
  if (isSecretWrapper(value)) return unwrapped(value.value);
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrapped(item)]));
}

/**
 * Runs a program against an engine that grants everything, and gives what it registered, in order.
 *
 * @param program may throw; the error comes out here
 * @param preview whether outputs of new resources are unknown, as in a preview
 */
export async function register(program: () => unknown, preview = false): Promise<Registered[]> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        registered.push({ type, name, inputs });
        return { id: preview ? undefined : `${name}-id`, state: { ...inputs, ...outputs(type, name) } };
      },
      call: () => ({}),
    },
    "creel",
    "test",
    preview,
  );
  try {
    await program();
  } finally {
    await pulumi.runtime.disconnect();
  }
  return registered;
}

/** Names of everything that was registered since the last {@link register}, as `parent type$type::name`. */
export function urns(): string[] {
  const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
  return [...monitor.getRegisteredResources().keys()].map((urn) => urn.split("::").slice(2).join("::")).sort();
}

/** The one resource of a type and name. */
export function find(registered: Registered[], type: string, name: string): Registered {
  const found = registered.filter((resource) => resource.type === type && resource.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} are called ${name}`);
  return found[0]!;
}

/** Resolves an output. */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((done) => output.apply(done));
}

/** What providers add to the inputs. Secret outputs have to be marked here: the engine of the mocks does not do it. */
function outputs(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: pulumi.secret(`password-of-${name}`.padEnd(64, "x")) };
    case "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication":
      return { aud: "a0d".padEnd(64, "0") };
    case "hcloud:index/server:Server":
      return { ipv4Address: "198.51.100.10", ipv6Address: "2001:db8:1::1", status: "running" };
    case "hcloud:index/serverNetwork:ServerNetwork":
      return { ip: "10.20.0.2" };
    case "digitalocean:index/droplet:Droplet":
      return { ipv4Address: "198.51.100.130", ipv6Address: "2001:db8:2::1", ipv4AddressPrivate: "10.30.0.2" };
    case "command:local:Command":
      return { stdout: /-host-key-stage$/.test(name) ? hostKey : "{}", stderr: "" };
    default:
      return {};
  }
}

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostKeyOfTheServer";

/** A server as AgentContainer and AgentTunnel want it, made by hand. */
export function fakeHost(docker: unknown) {
  const hostKeys = pulumi.output([hostKey]);
  return {
    connection: { host: pulumi.output("198.51.100.10"), user: "deploy", port: 22, hostKeys },
    ready: [],
    docker: docker as never,
    sshOpts: hostKeys.apply(sshOptions),
  };
}
