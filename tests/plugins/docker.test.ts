import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/docker";
import { atLeast } from "../../sandbox/plugins/docker/client";
import { nanoCpus } from "../../sandbox/plugins/docker/containerSpec";
import { cpusText } from "../../sandbox/plugins/docker/containerState";
import { type DockerAddress, parseDockerHost, sshArguments } from "../../sandbox/plugins/docker/host";
import { repoDigest } from "../../sandbox/plugins/docker/image";
import { registryCredentials, registryOf } from "../../sandbox/plugins/docker/registryAuth";
import { formatGoDuration, parseGoDuration } from "../../sandbox/plugins/framework/goDuration";
import type { ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { ProviderClient } from "./client";

const CONTAINER = "docker:index/container:Container";

describe("hosts", () => {
  test("are taken apart as Docker's client does", () => {
    expect(parseDockerHost("unix:///run/docker.sock")).toEqual({ kind: "unix", path: "/run/docker.sock" });
    expect(parseDockerHost("tcp://10.0.0.1:2376")).toEqual({ kind: "tcp", host: "10.0.0.1", port: 2376 });
    expect(parseDockerHost("ssh://deploy@[2001:db8::1]:2222/run/user/docker.sock")).toEqual({
      kind: "ssh",
      user: "deploy",
      host: "2001:db8::1",
      port: "2222",
      socket: "/run/user/docker.sock",
    });
    expect(() => parseDockerHost("ssh://a:b@host")).toThrow("plain-text password is not supported");
    expect(() => parseDockerHost("host")).toThrow("unable to parse docker host `host`");
  });

  test("ssh gets the user's options between the login and the command", () => {
    const address = parseDockerHost("ssh://deploy@host:22") as Extract<DockerAddress, { kind: "ssh" }>;
    const tail = ["--", "host", "docker", "system", "dial-stdio"];
    expect(sshArguments(address, ["-o", "BatchMode=yes"])).toEqual([
      ...["-l", "deploy", "-p", "22", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T"],
      ...tail,
    ]);
    expect(sshArguments({ ...address, user: "", port: "" }, ["-o", "ConnectTimeout=10", "-T"])).toEqual([
      ...["-o", "ConnectTimeout=10", "-T"],
      ...tail,
    ]);
    expect(sshArguments({ ...address, socket: "/x" }, []).slice(-5)).toEqual([
      "host",
      "docker",
      "--host=unix:///x",
      "system",
      "dial-stdio",
    ]);
  });
});

describe("values in Docker's spelling", () => {
  test.each([
    ["30s", 30e9, "30s"],
    ["60s", 60e9, "1m0s"],
    ["1h", 3600e9, "1h0m0s"],
    ["1.5s", 1.5e9, "1.5s"],
    ["250ms", 250e6, "250ms"],
    ["0", 0, "0s"],
  ])("the duration %s", (text, nanoseconds, printed) => {
    expect(parseGoDuration(text)).toBe(nanoseconds);
    expect(formatGoDuration(nanoseconds)).toBe(printed);
  });

  test("text that is no duration", () => {
    for (const text of ["", "30", "s", "1 s", "1d"]) expect(parseGoDuration(text)).toBeUndefined();
  });

  test.each([
    ["0.5", 5e8, "0.5"],
    ["0.50", 5e8, "0.5"],
    ["0.25", 25e7, "0.25"],
    ["1", 1e9, "1.0"],
    ["1.5", 15e8, "1.5"],
  ])("%s CPUs", (text, nano, read) => {
    expect(nanoCpus(text)).toBe(nano);
    expect(cpusText(nano)).toBe(read);
  });

  test("CPUs that are none", () => {
    expect(() => nanoCpus("half")).toThrow("as a rational number");
    expect(() => nanoCpus("0.0000000001")).toThrow("too precise");
  });

  test("API versions are compared as numbers", () => {
    expect([atLeast("1.41", "1.44"), atLeast("1.44", "1.44"), atLeast("1.100", "1.45")]).toEqual([false, true, true]);
  });
});

describe("images", () => {
  test("are known by the digest of their own repository", () => {
    const digests = ["other.test/a@sha256:1", "registry.test:5000/b/c@sha256:2"];
    expect(repoDigest(digests, "registry.test:5000/b/c:v1")).toBe(digests[1]);
    expect(repoDigest(digests, "registry.test:5000/b/c@sha256:2")).toBe(digests[1]);
    expect(repoDigest([], "local")).toBe("");
  });

  test("are pulled with the login of their registry", () => {
    const auths = { "https://private.test": { auth: Buffer.from("ana:pass:word").toString("base64") } };
    const credentials = registryCredentials([
      { address: "registry.test", username: "u", password: "p" },
      { address: "private.test", configFileContent: JSON.stringify({ auths }) },
    ]);
    expect(credentials("registry.test/a/b@sha256:1")).toMatchObject({ username: "u", password: "p" });
    expect(credentials("private.test/a")).toMatchObject({ username: "ana", password: "pass:word" });
    expect(credentials("debian:12")).toBeUndefined();
    expect([registryOf("a/b"), registryOf("localhost/a"), registryOf("h:1/a")]).toEqual([
      "index.docker.io",
      "localhost",
      "h:1",
    ]);
  });
});

describe("faults of a container", () => {
  let client: ProviderClient;
  beforeAll(async () => {
    client = await ProviderClient.start(provider as unknown as ProviderDefinition<never>, {
      host: "ssh://nobody@h.invalid",
    });
  });
  afterAll(() => client?.stop());

  test.each([
    ["nothing to run", { image: undefined }, /Missing required property 'image'/],
    ["an unknown property", { pidsLimit: 5 }, /Invalid or unknown key.*pidsLimit/],
    ["an unknown inner property", { healthcheck: { every: "5s" } }, /Invalid or unknown key.*healthcheck\.every/],
    ["a kind of mount that does not exist", { mounts: [{ type: "bnid", target: "/a" }] }, /mounts\[0\]\.type/],
    ["a restart policy that does not exist", { restart: "sometimes" }, /restart/],
    ["negative memory", { memory: -1 }, /memory/],
    ["no duration", { healthcheck: { interval: "30" } }, /healthcheck\.interval/],
    ["files to copy", { uploads: [{ file: "/a", content: "b" }] }, /copying files .* is not supported/],
    ["an empty argument", { command: ["a", ""] }, /values for command may not be empty/],
    ["a volume without a path", { volumes: [{ volumeName: "a" }] }, /without container path/],
  ])("%s", async (_title, extra, reason) => {
    const { reasons } = await client.check(CONTAINER, { image: "box", ...extra });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(reason);
  });

  test("defaults are filled in and the name is drawn", async () => {
    const { inputs, reasons } = await client.check(CONTAINER, { image: "box" });
    expect(reasons).toEqual([]);
    expect(inputs).toMatchObject({ networkMode: "bridge", mustRun: true, restart: "no", waitTimeout: 60 });
    expect(inputs.name).toMatch(/-[0-9a-f]{7}$/);
  });
});
