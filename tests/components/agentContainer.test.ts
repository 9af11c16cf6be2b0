import { Provider } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { AgentContainer, type AgentContainerArgs } from "../../components/agentContainer";
import { agentContainerFaults } from "../../components/agentContainerFaults";
import { orderText } from "../../components/agentHost";
import { goDuration } from "../../components/cage";
import { generic, openclaw } from "../../profiles/runtimes";
import { fakeHost, find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "./mocks";

const image = `registry.creel.test/agent@sha256:${"1".repeat(64)}`;
const containerType = "docker:index/container:Container";

function agent(name: string, args: Partial<AgentContainerArgs> = {}): AgentContainer {
  const host = fakeHost(new Provider("reef", { host: "ssh://deploy@198.51.100.10:22" }));
  return new AgentContainer(name, { host, image, memory: 256, health: ["agent", "health"], ...args });
}

describe("AgentContainer", () => {
  let registered: Registered[];
  let names: string[];
  let made: AgentContainer;

  beforeAll(async () => {
    registered = await register(() => {
      made = agent("atlas", { secrets: { MODEL_API_KEY: "CANARY-1", B_SIDE: "CANARY-2" } });
    });
    names = urns();
  });

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      "creel:index:AgentContainer$command:local:Command::atlas-host",
      "creel:index:AgentContainer$docker:index/container:Container::atlas",
      "creel:index:AgentContainer$docker:index/network:Network::atlas-egress",
      "creel:index:AgentContainer$docker:index/network:Network::atlas-front",
      "creel:index:AgentContainer$docker:index/remoteImage:RemoteImage::atlas-image",
      "creel:index:AgentContainer::atlas",
      "pulumi:providers:docker::reef",
    ]);
  });

  it("gives the container exactly the properties that do not drift", () => {
    expect(find(registered, containerType, "atlas").inputs).toEqual({
      name: "atlas",
      hostname: "atlas",
      image,
      envs: ["PORT=8080"],
      user: "39077:39077",
      readOnly: true,
      init: true,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m" },
      memory: 256,
      memorySwap: 256,
      cpuShares: 512,
      cgroupParent: "agents-atlas.slice",
      networksAdvanced: [{ name: "atlas-egress" }, { name: "atlas-front", aliases: ["agent"] }],
      mounts: [
        { type: "bind", source: "/run/agent-secrets/atlas", target: "/run/secrets", readOnly: true },
        { type: "bind", source: "/var/lib/agents/atlas/data", target: "/data" },
      ],
      healthcheck: {
        tests: ["CMD", "agent", "health"],
        interval: "10s",
        timeout: "5s",
        retries: 3,
        startPeriod: "1m0s",
      },
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
      ulimits: [
        { name: "nofile", soft: 4096, hard: 8192 },
        { name: "core", soft: 0, hard: 0 },
      ],
      restart: "unless-stopped",
      destroyGraceSeconds: 30,
      wait: true,
      waitTimeout: 120,
    });
  });

  it("pulls the very digest that the container names, and keeps it", () => {
    const { inputs } = find(registered, "docker:index/remoteImage:RemoteImage", "atlas-image");
    expect(inputs).toEqual({ name: image, keepLocally: true });
  });

  it("lets nobody meet on egress, and nobody out on front", () => {
    const network = (name: string) => find(registered, "docker:index/network:Network", name).inputs;
    expect(network("atlas-egress")).toEqual({
      name: "atlas-egress",
      driver: "bridge",
      options: {
        "com.docker.network.bridge.name": "ag-7c826025",
        "com.docker.network.bridge.enable_icc": "false",
      },
    });
    expect(network("atlas-front")).toEqual({
      name: "atlas-front",
      driver: "bridge",
      internal: true,
      options: { "com.docker.network.bridge.name": "ag-7c826025f" },
    });
  });

  it("hands limits, state and secrets to the server by standard input, as one secret", () => {
    const { inputs } = find(registered, "command:local:Command", "atlas-host");
    expect(inputs).toMatchObject({ create: "sudo creel-agent apply atlas", delete: "sudo creel-agent remove atlas" });
    expect(isSecretWrapper(inputs.stdin)).toBe(true);
    expect(JSON.parse(unwrapped(inputs.stdin) as string)).toEqual({
      uid: 39077,
      memoryMiB: 256,
      tasksMax: 512,
      state: ["data"],
      secrets: {
        B_SIDE: Buffer.from("CANARY-2").toString("base64"),
        MODEL_API_KEY: Buffer.from("CANARY-1").toString("base64"),
      },
      onChange: "restart",
    });
  });

  it("tells where it is", async () => {
    expect(await resolved(made.containerName)).toBe("atlas");
    expect(await resolved(made.serviceUrl)).toBe("http://agent:8080");
    expect(await resolved(made.uid)).toBe(39077);
    expect(await resolved(made.egressNetwork)).toBe("atlas-egress");
    expect(await resolved(made.frontNetwork)).toBe("atlas-front");
  });

  it("keeps the secrets hidden where the server is not known yet", async () => {
    const previewed = await register(() => agent("atlas", { secrets: { KEY: "CANARY" } }), true);
    expect(isSecretWrapper(find(previewed, "command:local:Command", "atlas-host").inputs.stdin)).toBe(true);
  });

  it("runs OpenClaw as upstream's documentation wants it", async () => {
    const claw = await register(() => agent("atlas", { runtime: "openclaw", memory: 2048, health: undefined }));
    const { inputs } = find(claw, containerType, "atlas");
    expect(inputs).toMatchObject({
      command: ["openclaw", "gateway", "--bind", "lan", "--port", "18789"],
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=256m" },
      healthcheck: { startPeriod: "5m0s" },
    });
    expect(inputs.envs).toContain("NODE_OPTIONS=--max-old-space-size=1536");
    expect(inputs.mounts).toContainEqual({
      type: "bind",
      source: "/var/lib/agents/atlas/config",
      target: "/home/node/.config/openclaw",
    });
  });

  it("takes settings over the runtime's own", async () => {
    const changed = await register(() =>
      agent("atlas", {
        port: 9000,
        cpus: 0.5,
        cpuShares: 256,
        tasksMax: 64,
        command: ["serve"],
        environment: { A: "b" },
      }),
    );
    expect(find(changed, containerType, "atlas").inputs).toMatchObject({
      envs: ["A=b", "PORT=9000"],
      cpus: "0.5",
      cpuShares: 256,
      command: ["serve"],
    });
    const stdin = unwrapped(find(changed, "command:local:Command", "atlas-host").inputs.stdin) as string;
    expect(JSON.parse(stdin)).toMatchObject({ tasksMax: 64 });
  });
});

describe("what AgentContainer refuses", () => {
  const good = { image, memory: 256, health: ["agent", "health"] };
  const digest = `sha256:${"1".repeat(64)}`;

  it.each<[string, Partial<AgentContainerArgs>, RegExp]>([
    ["a tag", { image: "openclaw:latest" }, /^image has no digest: write openclaw@sha256:…/],
    ["a tag beside a digest", { image: `a/b:1@${digest}` }, /^image has a tag and a digest: .*write a\/b@sha256:1/],
    ["half a digest", { image: "a@sha256:12" }, /^image has a damaged digest/],
    ["no image at all", { image: `A B@${digest}` }, /^image is not the name of an image/],
    ["an unknown runtime", { runtime: "openclow" as never }, /^runtime is not a runtime: did you mean openclaw\?/],
    ["too little memory", { runtime: "openclaw", memory: 1024 }, /^memory is too little: .*from 2048 .*for openclaw/],
    ["memory in bytes", { memory: 268435456 }, /^memory is too much/],
    ["half a MiB", { memory: 256.5 }, /^memory is not a whole number/],
    ["a thousandth of a processor", { cpus: 0.555 }, /^cpus is not a number with at most two decimals/],
    ["shares like the host's", { cpuShares: 1024 }, /^cpuShares is too much/],
    ["one task", { tasksMax: 1 }, /^tasksMax is too little/],
    ["port 0", { port: 0 }, /^port is too little/],
    ["a generic image without health check", { health: undefined }, /^health is missing, and generic has no default/],
    ["Docker's own words", { health: ["CMD", "agent"] }, /^health\[0\] is no program/],
    ["a secret by name", { environment: { MODEL_API_KEY: "x" } }, /^environment.MODEL_API_KEY is named like a secret/],
    [
      "a secret by look",
      { environment: { A: `ghp_${"a".repeat(36)}` } },
      /^environment.A holds what looks like a GitHub/,
    ],
    [
      "a secret in the command",
      { command: ["run", `--token=ghp_${"a".repeat(36)}`] },
      /^command\[1\] holds what looks/,
    ],
    ["a secret in the health check", { health: ["curl", "http://a:hunter2@agent"] }, /^health\[1\] holds what looks/],
    ["a text for a command", { command: "agent serve" as never }, /^command is not a list/],
    ["a text for a health check", { health: "agent health" as never }, /^health is not a list/],
    ["a number in the environment", { environment: { A: 1 as never } }, /^environment.A is not a text/],
    ["an empty word", { health: [""] }, /^health\[0\] is no word/],
    ["a NUL in a word", { command: ["a\0b"] }, /^command\[0\] holds a NUL/],
    ["a NUL in the environment", { environment: { A: "a\0b" } }, /^environment.A holds a NUL/],
    [
      "a secret called like what every object has",
      { secrets: { constructor: "x" } },
      /^secrets.constructor is not a name/,
    ],
    ["a secret called __proto__", { secrets: JSON.parse('{"__proto__":"x"}') }, /^secrets.__proto__ is not a name/],
    ["no name of a variable", { environment: { "A=B": "x" } }, /^environment.A=B is not a name of a variable/],
    ["a path as a secret", { secrets: { "../passwd": "x" } }, /^secrets.\.\.\/passwd is not a name of a secret/],
  ])("%s", (_title, change, expected) => {
    const faults = agentContainerFaults({ ...good, ...change });
    expect(faults.map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`)).toEqual([
      expect.stringMatching(expected),
    ]);
  });

  it("does not take where a secret lies for a secret", () => {
    const environment = { MODEL_API_KEY_FILE: "/run/secrets/MODEL_API_KEY", TOKENIZER: "cl100k", KEYBOARD: "de" };
    expect(agentContainerFaults({ ...good, environment })).toEqual([]);
  });

  it("says everything at once, before anything is made", async () => {
    let message = "";
    const registered = await register(() => {
      try {
        agent("Atlas", { image: "a:1", memory: 1, environment: { TOKEN: "hunter2" } });
      } catch (error) {
        message = (error as Error).message;
      }
    });
    expect(message.split("\n")).toEqual([
      "AgentContainer Atlas has 4 faults; nothing was changed",
      expect.stringMatching(/^ {2}name +"Atlas" is not a name: /),
      expect.stringMatching(/^ {2}image +"a:1" has no digest: /),
      expect.stringMatching(/^ {2}memory +1 is too little: /),
      expect.stringMatching(/^ {2}environment.TOKEN +is named like a secret/),
    ]);
    expect(message).not.toContain("hunter2");
    expect(registered.map(({ type }) => type)).toEqual(["pulumi:providers:docker"]);
  });

  it("an empty secret, without saying more than its name", () => {
    const order = { uid: 20000, memoryMiB: 64, tasksMax: 64, state: [], secrets: { A: "x", B: "" } };
    expect(() => orderText("atlas", order)).toThrow("secret B of atlas is empty");
    let error: unknown;
    try {
      orderText("atlas", order);
    } catch (thrown) {
      error = thrown;
    }
    // Any other error would be printed with a stack trace.
    expect(pulumi.RunError.isInstance(error as object)).toBe(true);
  });
});

describe("profiles of runtimes", () => {
  it("keep no secret in the environment and no state on a path twice", () => {
    for (const runtime of [generic, openclaw]) {
      const environment = runtime.environment({ port: runtime.port, memory: runtime.leastMemory });
      const faults = agentContainerFaults({ environment });
      expect(faults.filter(({ path }) => path.startsWith("environment"))).toEqual([]);
      expect(new Set(Object.values(runtime.state)).size).toBe(Object.keys(runtime.state).length);
    }
  });
});

describe("goDuration", () => {
  it.each([
    [0, "0s"],
    [59, "59s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [3600, "1h0m0s"],
    [3725, "1h2m5s"],
  ])("%i seconds are %s", (seconds, text) => expect(goDuration(seconds)).toBe(text));
});
