import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compiledFile } from "../../engine/paths";
import { dockerdMissing } from "../plugins/dockerDaemon";
import { Registry, registryMissing } from "../plugins/registry";
import { sshdMissing } from "../plugins/sshd";
import { ProgramStack } from "../plugins/stack";
import { describeUnless } from "../requirements";
import { ExistingMachine } from "./existingMachine";
import { ed25519Key } from "./keys";

const canary = "CANARY-existing-5f";

describeUnless(
  dockerdMissing() ?? sshdMissing() ?? registryMissing(),
  "a server of somebody else's, with a real sshd and a real Docker",
  () => {
    let server: ExistingMachine;
    let registry: Registry;
    let stack: ProgramStack;

    beforeAll(async () => {
      server = new ExistingMachine();
      await server.start();
      registry = await Registry.start();
      stack = await ProgramStack.open(server.environment, ["docker"]);
    });
    afterAll(async () => {
      await stack?.close();
      await registry?.stop();
      await server?.stop();
    });

    /** An image that is on the registry alone, by its digest. */
    function publish(): string {
      const name = `127.0.0.1:${registry.port}/fleet/box:1`;
      server.docker.makeImage(name);
      const digest = /sha256:[0-9a-f]{64}/.exec(server.docker.cli("push", name))![0];
      server.docker.cli("image", "rm", "--force", name);
      return `127.0.0.1:${registry.port}/fleet/box@${digest}`;
    }

    const program = (image: string) => `
      const { AgentContainer, agentHost, dockerSettings, ExistingServer } =
        require(${JSON.stringify(compiledFile("components", "index.js"))});
      const { production } = require(${JSON.stringify(compiledFile("profiles", "host", "index.js"))});
      const server = new ExistingServer("reef", {
        host: "127.0.0.1",
        port: ${server.sshd.port},
        hostKey: ${JSON.stringify(server.sshd.publicKey("host"))},
        adminKeys: [${JSON.stringify(ed25519Key)}],
        adminCidrs: ["127.0.0.1/32"],
        // Making a key of 4096 bits is not what is tested here.
        hostProfile: { ...production, ssh: { ...production.ssh, rsaHostKeyBits: 0 } },
      });
      const provider = new docker.Provider("reef", dockerSettings(server.connection));
      new AgentContainer("atlas", {
        host: agentHost(server, provider),
        image: "${image}",
        memory: 64,
        command: ["sleep"],
        health: ["/bin/box", "ok"],
        secrets: { KEY: "${canary}" },
      });
      exports.posture = server.posture;
    `;

    /** What Docker holds of ours. */
    function inDocker(): string[] {
      const list = (...words: string[]) => server.docker.cli(...words).split("\n");
      const networks = list("network", "ls", "--format", "{{.Name}}").filter(
        (name) => !/^(bridge|host|none)$/.test(name),
      );
      const containers = list("ps", "--all", "--format", "{{.Names}}");
      const images = list("image", "ls", "--all", "--digests", "--format", "{{.Repository}}");
      return [...containers, ...networks, ...images].filter((name) => name !== "");
    }

    const files = (folder: string) => readdirSync(server.at(folder), { recursive: true });

    it("is hardened, runs an agent, and is given back without a trace of it", async () => {
      await stack.up(program(publish()));
      const { posture } = (await stack.outputs()) as { posture: { profile: string; changed: string[] } };
      expect(posture.profile).toBe("production");
      expect(posture.changed).toEqual(expect.arrayContaining(["ufw enforcing", "unit agent-guard.service active"]));
      const container = await server.docker.docker.getContainer("atlas").inspect();
      expect(container.State.Health?.Status).toBe("healthy");
      expect(server.machine.read("/run/agent-secrets/atlas/KEY")).toBe(canary);
      await stack.expectSettled();

      // Somebody else's agent, which a destroy must not pull the ground from under.
      const bora = ["--detach", "--name", "bora", "--cgroup-parent", "agents-bora.slice"];
      server.docker.cli("run", ...bora, container.Image);
      const refusal = await stack.run("destroy", "--yes", "--skip-preview");
      expect(refusal.output).toMatch(/the container bora is still here: destroy what has made it first/);
      expect(server.docker.cli("ps", "--format", "{{.Names}}")).toBe("bora");
      server.docker.cli("rm", "--force", "bora");

      await stack.must("destroy", "--yes", "--skip-preview");
      expect(inDocker()).toEqual([]);
      expect([files("/etc/agent-secrets"), files("/run/agent-secrets")]).toEqual([[], []]);
      expect(files("/etc/systemd/system").filter((name) => /slice/.test(String(name)))).toEqual([]);
      expect(files("/var/lib/agents")).toEqual(["atlas", "atlas/data"]);
      expect(await stack.stateText()).not.toContain(canary);
    });
  },
);
