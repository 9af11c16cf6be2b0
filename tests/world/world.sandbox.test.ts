import { existsSync, readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EdgeClient } from "../../cli/edgeClient";
import { compiledFile } from "../../engine/paths";
import { dockerAt } from "../../sandbox/docker";
import { emulatorProcess } from "../../sandbox/emulators";
import { firewallTable } from "../../sandbox/machines/firewall";
import { currentRules } from "../../sandbox/packetRules";
import { bridgeName, networkName, sandboxFiles, sandboxId, sandboxLabel } from "../../sandbox/paths";
import { commandLine } from "../../sandbox/processes";
import { readWorld, type World, worldDown, worldStatus, worldUp } from "../../sandbox/world";
import { describeUnless, sandboxMissing } from "../requirements";
import { eventually, hetznerClient, newKey, ssh } from "./machine";

const quiet = () => undefined;

/** The sandbox from `up` to `down`, with one bare server in between. The tests build on each other, in this order. */
describeUnless(sandboxMissing(), "the sandbox", () => {
  const key = newKey();
  const userData = `#cloud-config
runcmd:
  - echo booted >> /root/boots
  - printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\nExecStop=/bin/touch /root/shut-down\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/witness.service
  - systemctl enable --now witness.service
`;
  let world: World;
  let server: { id: number; ipv4: string };

  beforeAll(async () => {
    await worldDown(quiet); // whatever an interrupted run left behind
    world = await worldUp(quiet);
  });
  afterAll(() => worldDown(quiet));

  const on = (command: string) => ssh(key.file, server.ipv4, command);
  const hetzner = (method: string, route: string, body?: unknown) => hetznerClient(world)(method, route, body);
  const mine = { label: [`${sandboxLabel}=${sandboxId()}`] };
  const settled = async () => ({
    containers: (await dockerAt(world.docker.socket).listContainers({ all: true, filters: mine })).map((c) => c.Id),
    rules: await currentRules(),
    emulators: await emulatorProcess(),
    world: await readWorld(),
  });

  it("is whole once it is up", async () => {
    const status = await worldStatus();
    expect(status.parts.filter((part) => part.state !== "running")).toEqual([]);
    expect(status.up).toBe(true);
    expect(world.hetzner.token).toHaveLength(64);
    for (const image of Object.values(world.images)) {
      expect(image).toMatch(/^registry\.creel\.test\/creel\/(agent|connector)@sha256:[0-9a-f]{64}$/);
    }
  });

  it("says so on the command line, for people and for programs", async () => {
    const status = await creel("status", "--json");
    expect(status.exitCode).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ up: true, folder: sandboxFiles().folder });
    expect((await creel("status")).stdout).toMatch(/^creel-world\s+running/m);
  });

  it("stays as it is when it is brought up again, also by two at once", async () => {
    const before = await settled();
    await Promise.all([worldUp(quiet), worldUp(quiet)]);
    expect(await settled()).toEqual(before);
  });

  it("boots a server that the Hetzner API is asked for", async () => {
    const { ssh_key } = (await hetzner("POST", "/ssh_keys", { name: "test", public_key: key.publicKey })) as {
      ssh_key: { id: number };
    };
    const order = { name: "bare", server_type: "cx23", image: "debian-12", location: "fsn1", ssh_keys: [ssh_key.id] };
    const created = (await hetzner("POST", "/servers", { ...order, user_data: userData })) as {
      server: { id: number; public_net: { ipv4: { ip: string } } };
    };
    server = { id: created.server.id, ipv4: created.server.public_net.ipv4.ip };
    await eventually(90, async () => expect(await on("cloud-init status")).toBe("status: done"));
    expect(await on("cat /root/boots; hostname; systemctl is-system-running")).toBe("booted\nbare\nrunning");
    expect(await on("systemctl --failed --no-legend; cat /proc/sys/net/ipv4/ip_forward")).toMatch(/^[01]$/);
  });

  it("gives it names: the world's own, and everybody else's", async () => {
    expect(await on(`getent hosts ${world.registry}`)).toMatch(new RegExp(`^${world.registryAddress}\\s`));
    expect(await on("getent hosts no-such-name.creel.test || echo none")).toBe("none");
    expect(await on("cat /etc/resolv.conf")).toBe(`nameserver ${world.registryAddress}`);
    await on("apt-get update -qq");
  });

  it("leads Cloudflare's names to the edge, which sees who comes", async () => {
    for (const name of ["any.example.com", "acme.cloudflareaccess.com", "region1.v2.argotunnel.com"]) {
      expect(await on(`getent hosts ${name}`)).toMatch(new RegExp(`^${world.edge.address}\\s`));
    }
    const ask = (who: string) => `curl -sSo /dev/null -w '%{http_code}' -A ${who} https://any.example.com/${who}`;
    expect(await on(ask("server"))).toBe("530");
    const edge = await EdgeClient.of(world);
    const own = await edge.request("any.example.com", "/operator", { headers: [["user-agent", "operator"]] });
    expect(own.status).toBe(530);
    const log = await fetch(`${new URL(world.cloudflare.baseUrl).origin}/_sandbox/decisions`);
    const clients = ((await log.json()) as { path: string; client: string }[]).map(({ path, client }) => [
      path,
      client,
    ]);
    expect(clients).toEqual(
      expect.arrayContaining([
        ["/server", server.ipv4],
        ["/operator", world.network.gateway],
      ]),
    );
  });

  it("answers at the metadata address, and to servers only", async () => {
    expect(`${await on("curl -sf http://169.254.169.254/nocloud/user-data")}\n`).toBe(userData);
    expect(await on("curl -sf http://169.254.169.254/hetzner/v1/metadata/hostname")).toBe("bare");
    const stranger = await fetch(`http://${world.network.gateway}:17803/nocloud/user-data`);
    expect(stranger.ok).toBe(false);
  });

  it("is behind the cloud's firewall once one is applied, and can be reached again without it", async () => {
    await on("systemd-run -q --unit web python3 -m http.server 8080");
    const web = () => fetch(`http://${server.ipv4}:8080/`, { signal: AbortSignal.timeout(2000) }).then((r) => r.ok);
    const sshPort = () => fromWorld(world, `curl -sm 2 telnet://${server.ipv4}:22 </dev/null | head -c 7`);
    await eventually(10, async () => expect(await web()).toBe(true));
    expect(await sshPort()).toBe("SSH-2.0");
    const rules = [{ direction: "in", protocol: "tcp", port: "22", source_ips: [`${world.network.gateway}/32`] }];
    const apply_to = [{ type: "server", server: { id: server.id } }];
    const { firewall } = (await hetzner("POST", "/firewalls", { name: "ssh", rules, apply_to })) as {
      firewall: { id: number };
    };
    await eventually(10, () => expect(web()).rejects.toThrow());
    expect(await on("apt-get update -qq && echo reached")).toBe("reached");
    expect(await sshPort()).toBe("");
    await hetzner("POST", `/firewalls/${firewall.id}/actions/remove_from_resources`, { remove_from: apply_to });
    await eventually(10, async () => expect(await web()).toBe(true));
    await hetzner("DELETE", `/firewalls/${firewall.id}`);
  });

  it("serves images by digest over TLS that servers trust", async () => {
    const [repository, digest] = world.images.agent.replace(`${world.registry}/`, "").split("@") as [string, string];
    const accept = "Accept: application/vnd.docker.distribution.manifest.v2+json";
    const base = `https://${world.registry}/v2/${repository}`;
    const manifest = await on(`curl -sSf -H '${accept}' ${base}/manifests/${digest}`);
    const layer = (JSON.parse(manifest) as { layers: { digest: string }[] }).layers[0]!.digest;
    expect(await on(`curl -sSf ${base}/blobs/${layer} | sha256sum`)).toBe(`${layer.replace("sha256:", "")}  -`);
    await expect(on(`curl -sSf --cacert /dev/null ${base}/manifests/${digest}`)).rejects.toThrow(/certificate/);
  });

  it("reboots it as a machine: the disk stays, /run does not, and it was shut down in order", async () => {
    await on("touch /run/before; docker --version 2>/dev/null; test ! -e /root/shut-down");
    await hetzner("POST", `/servers/${server.id}/actions/reboot`);
    await eventually(60, async () =>
      expect(await on("test ! -e /run/before; systemctl is-system-running")).toBe("running"),
    );
    expect(await on("ls /root/shut-down; cat /root/boots")).toBe("/root/shut-down\nbooted");
  });

  it("reboots from inside as well, and stays off once the cloud switched it off", async () => {
    await on("touch /run/before; systemctl reboot").catch(() => undefined); // the connection goes with it
    await eventually(60, async () =>
      expect(await on("test ! -e /run/before; systemctl is-system-running")).toBe("running"),
    );
    await hetzner("POST", `/servers/${server.id}/actions/poweroff`);
    const status = async () => ((await hetzner("GET", `/servers/${server.id}`)).server as { status: string }).status;
    await eventually(60, async () => expect(await status()).toBe("off"));
    await new Promise((done) => setTimeout(done, 3000));
    expect(await status()).toBe("off");
    await hetzner("POST", `/servers/${server.id}/actions/poweron`);
    await eventually(60, async () => expect(await on("cat /root/boots")).toBe("booted"));
  });

  it("comes back whole when its parts are killed, with the server where it was", async () => {
    process.kill((await emulatorProcess())!, "SIGKILL");
    await dockerAt(world.docker.socket).getContainer("creel-world").remove({ force: true });
    expect((await worldStatus()).up).toBe(false);
    expect(await worldUp(quiet)).toEqual(world);
    const { servers } = (await hetzner("GET", "/servers")) as { servers: { id: number; status: string }[] };
    expect(servers.map(({ id, status }) => [id, status])).toEqual([[server.id, "running"]]);
    expect(await on("cat /root/boots")).toBe("booted");
    await on(`curl -sSf https://${world.registry}/v2/`);
  });

  it("removes a server with its disk and volume", async () => {
    await hetzner("DELETE", `/servers/${server.id}`);
    await eventually(30, async () => {
      const docker = dockerAt(world.docker.socket);
      const containers = await docker.listContainers({ all: true, filters: mine });
      expect(containers.map((container) => container.Names)).toEqual([["/creel-world"]]);
      expect((await docker.listVolumes({ filters: mine })).Volumes ?? []).toEqual([]);
    });
  });

  it("leaves no container, network, process, mount or rule behind, and keeps its certificates", async () => {
    const files = sandboxFiles();
    const interfaces = () => readFileSync("/proc/net/dev", "utf8");
    expect(interfaces()).toContain(`${bridgeName}:`);
    await hetzner("POST", "/servers", { name: "left", server_type: "cx23", image: "debian-12", location: "fsn1" });
    await worldDown(quiet);
    expect(interfaces()).not.toContain(`${bridgeName}:`);
    expect(await currentRules()).toEqual([]);
    expect((await execa("nft", ["list", "tables"])).stdout).not.toContain(firewallTable);
    expect(processesOf(files.folder)).toEqual([]);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(files.folder);
    if (!world.docker.ownDaemon) {
      const docker = dockerAt(world.docker.socket);
      expect(await docker.listContainers({ all: true, filters: mine })).toEqual([]);
      expect(await docker.listNetworks({ filters: { name: [networkName] } })).toEqual([]);
    }
    expect(await readWorld()).toBeUndefined();
    expect(existsSync(files.clouds.state)).toBe(false);
    expect(existsSync(world.ca)).toBe(true);
    expect((await creel("status", "--json")).exitCode).toBe(1);
    await worldDown(quiet);
  });
});

/** Runs `creel sandbox …` as a person would. */
function creel(...args: string[]) {
  return execa(process.execPath, [compiledFile("cli", "main.js"), "sandbox", ...args], {
    reject: false,
    env: { NO_COLOR: "1" },
  });
}

/** Runs a shell command in the world's container, a neighbour of the servers; gives its standard output. */
async function fromWorld(world: World, command: string): Promise<string> {
  const container = dockerAt(world.docker.socket).getContainer("creel-world");
  const exec = await container.exec({ Cmd: ["sh", "-c", command], AttachStdout: true, Tty: true });
  return text(await exec.start({ Tty: true }));
}

/** Command lines of processes that belong to the sandbox's folder. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => commandLine(Number(pid)) ?? "")
    .filter((line) => line.includes(folder));
}
