import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readWorld, type World, worldUp } from "../../sandbox/world";
import { describeUnless, sandboxMissing } from "../requirements";
import { eventually } from "../world/machine";
import { orderServer } from "./firstContact";

/** One server of the production profile from its first boot on. The tests build on each other, in this order. */
describeUnless(sandboxMissing(), "a server of the production profile", () => {
  let world: World;
  let server: Awaited<ReturnType<typeof orderServer>>;
  let hostKey: string;
  let agentAddress: string;

  beforeAll(async () => {
    await worldUp(() => undefined);
    world = (await readWorld())!;
    server = await orderServer(world, "reef");
  });
  afterAll(() => server?.remove());

  /** Runs a command on the server; fails with everything it wrote. */
  const on = async (command: string, input = "") => {
    const { exitCode, stdout, stderr } = await server.run([hostKey], command, input);
    if (exitCode !== 0) throw new Error(`${command}: ${exitCode}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const converge = (program: string) =>
    on("sudo sh -c 'umask 077; cat > /run/converge.py; python3 -I /run/converge.py'", program).then(JSON.parse);
  const drift = async () => JSON.parse((await server.run([hostKey], "sudo creel-converge --check")).stdout).drift;
  const canary = `CANARY-${randomUUID()}`;
  const agent = (words: string) => on(`docker exec atlas agent ${words} || true`);
  const agentUp = () => eventually(60, async () => expect(await agent("read API_KEY")).toBe(canary));

  it("is ready after its first boot, and hands over its host key", async () => {
    const staged = await server.handOver("stage", [server.bootstrap]);
    expect(staged.stderr).toMatch(/^first boot: /);
    expect(staged.stdout).toMatch(/^ssh-ed25519 \S+$/);
    hostKey = staged.stdout;
    expect(hostKey).not.toBe(server.bootstrap);
    const activated = await server.handOver("activate", [server.bootstrap, hostKey]);
    expect(activated.stdout).toBe(hostKey);
    const took = JSON.parse(await on("sudo cat /var/lib/creel/status.json")).took;
    console.log(`first boot: ${took.total} s, of which packages ${took.packages} s`);
  });

  it("is not spoken to any more under the key that user-data has told", async () => {
    const { exitCode, stderr } = await server.run([server.bootstrap], "true");
    expect(exitCode).toBe(255);
    expect(stderr).toContain("Host key verification failed");
    expect((await server.handOver("activate", [server.bootstrap, hostKey])).stdout).toBe(hostKey);
  });

  it("needs no change by the first run over SSH", async () => {
    const report = await converge(server.program);
    expect(report.changed).toEqual([]);
    expect(report.took.total).toBeLessThan(30);
    expect(await drift()).toEqual([]);
    expect(await on("systemctl is-system-running; sudo systemctl --failed --no-legend")).toBe("running");
  });

  it("tells what a container cannot have, and why", async () => {
    const { notApplicable } = await converge(server.program);
    const gaps = notApplicable as { reason: string; items: string[] }[];
    const shared = gaps.find(({ reason }) => reason.startsWith("this server is a container"))!;
    expect(shared.items).toEqual(expect.arrayContaining(["unit auditd.service", "sysctl kernel.kptr_restrict"]));
    expect(await on("cat /etc/sysctl.d/99-zz-creel.conf")).not.toMatch(/^(kernel|vm|fs|dev)\./m);
  });

  it("runs sshd as the profile says", async () => {
    const settings = await on("sudo sshd -T");
    for (const line of [
      "permitrootlogin no",
      "passwordauthentication no",
      "authenticationmethods publickey",
      "allowusers deploy",
      "maxstartups 100:30:200",
      "maxsessions 100",
      "allowtcpforwarding no",
      "loglevel VERBOSE",
      "hostkey /etc/ssh/ssh_host_rsa_key",
    ]) {
      expect(settings.split("\n")).toContain(line);
    }
    expect(await on("sudo ssh-keygen -l -f /etc/ssh/ssh_host_rsa_key")).toMatch(/^4096 /);
    expect(await on("sudo awk '!/^#/ && $5 < 3071' /etc/ssh/moduli | wc -l")).toBe("0");
  });

  it("has its filters in force", async () => {
    const status = await on("sudo ufw status verbose");
    expect(status).toContain("Status: active");
    expect(status).toContain("Default: deny (incoming), allow (outgoing), deny (routed)");
    expect(status).toMatch(new RegExp(`22/tcp +ALLOW IN +${world.network.gateway} `));
    expect(await on("sudo nft list table inet agent_guard")).toContain("udp dport != { 53, 443, 7844 }");
    await on("sudo systemd-run -q --unit open python3 -m http.server 8081");
    await expect(dial(server.ipv4, 8081)).resolves.toBe("closed");
    await expect(dial(server.ipv4, 22)).resolves.toBe("open");
  });

  it("bans who guesses, and nobody else", async () => {
    // The journal tells programs apart by their file's name, and asks while they live.
    const line = "Failed password for invalid user admin from 198.51.100.99 port 4242 ssh2";
    const guesses = `(for i in 1 2 3 4 5 6; do echo ${line}; done; sleep 2) | /root/sshd --tag sshd --id`;
    await on(`sudo sh -c 'cp /usr/bin/logger /root/sshd && ${guesses}; rm /root/sshd'`);
    await eventually(20, async () => {
      expect(await on("sudo fail2ban-client status sshd")).toContain("198.51.100.99");
      expect(await on("sudo nft list table inet f2b-table")).toContain("198.51.100.99");
    });
    await on("sudo fail2ban-client unban 198.51.100.99");
    expect(await on("sudo fail2ban-client get sshd ignoreip")).toContain(world.network.gateway);
  });

  it("runs Docker under systemd, and updates from the security origin at its own time", async () => {
    expect(await on("docker info --format '{{.CgroupDriver}} {{.LiveRestoreEnabled}}'")).toBe("systemd true");
    expect(await on("sudo unattended-upgrade --dry-run --debug 2>&1")).toMatch(/origin=Debian,.*label=Debian-Security/);
    expect(await on("apt-config dump | grep Automatic-Reboot-Time")).toMatch(/"0[2-5]:\d\d"/);
  });

  it("gives an agent its limits, state and secret, and nothing of it to anyone else", async () => {
    const secret = Buffer.from(canary).toString("base64");
    const order = { uid: 20001, memoryMiB: 64, tasksMax: 64, state: ["data"], secrets: { API_KEY: secret } };
    const prepared = JSON.parse(await on("sudo creel-agent apply atlas", JSON.stringify(order)));
    expect(prepared.slice).toEqual({ name: "agents-atlas.slice", memoryMiB: 64, tasksMax: 64 });
    await on(
      "docker network create -o com.docker.network.bridge.name=ag-00000001 -o com.docker.network.bridge.enable_icc=false egress && " +
        "docker run -d --name atlas --network egress --restart unless-stopped --read-only --user 20001:20001 --cap-drop ALL " +
        "--memory 64m --memory-swap 64m --cgroup-parent agents-atlas.slice " +
        "--mount type=bind,source=/run/agent-secrets/atlas,target=/run/secrets,readonly " +
        `--mount type=bind,source=/var/lib/agents/atlas/data,target=/data ${world.images.agent}`,
    );
    await agentUp();
    agentAddress = await on("docker inspect -f '{{.NetworkSettings.Networks.egress.IPAddress}}' atlas");
    // Under cgroup v1 each limit has a tree of its own.
    const group = await on("systemctl show agents-atlas.slice --property=ControlGroup --value");
    expect(await on(`cat /sys/fs/cgroup${group}/pids.max || cat /sys/fs/cgroup/pids${group}/pids.max`)).toBe("64");
    const { exitCode } = await server.run([hostKey], "cat /run/agent-secrets/atlas/API_KEY");
    expect(exitCode).not.toBe(0);
    // The pattern goes by standard input: sudo writes down what it is told to run.
    const search = "sudo grep -rlf - /etc /var/lib/creel /var/lib/docker/containers /var/log || true";
    expect(await on(search, canary)).toBe("");
  });

  const flows = async () => {
    const targets = {
      metadata: "169.254.169.254:80",
      "private network": "10.1.2.3:443",
      "public web": `${world.registryAddress}:443`,
      "public mail": `${world.registryAddress}:25`,
      "public SSH": `${world.registryAddress}:22`,
      "another port": `${world.registryAddress}:8443`,
      "the server's SSH": `${server.ipv4}:22`,
    };
    const found: Record<string, string> = {};
    for (const [name, target] of Object.entries(targets)) {
      found[name] = (await agent(`dial ${target}`)).startsWith("open") ? "open" : "blocked";
    }
    // From outside by way of the server; the server itself shows that there is somebody to reach.
    await on(`curl -sf http://${agentAddress}:8080/healthz`);
    await execa("ip", ["route", "replace", `${agentAddress}/32`, "via", server.ipv4]);
    found["routed in"] = (await dial(agentAddress, 8080)) === "open" ? "open" : "blocked";
    await execa("ip", ["route", "del", `${agentAddress}/32`]);
    return found;
  };
  const guarded = {
    metadata: "blocked",
    "private network": "blocked",
    "public web": "open",
    "public mail": "blocked",
    "public SSH": "blocked",
    "another port": "blocked",
    "the server's SSH": "blocked",
    "routed in": "blocked",
  };

  it("lets the agent out to the web and nowhere else, and nobody in", async () => {
    expect(await flows()).toEqual(guarded);
  });

  it("comes back from a reboot with all of it", async () => {
    await on("sudo touch /run/before");
    await server.reboot();
    await eventually(120, async () =>
      expect(await on("test ! -e /run/before; systemctl is-system-running")).toBe("running"),
    );
    await agentUp();
    expect(await drift()).toEqual([]);
    expect(await flows()).toEqual(guarded);
  });

  it("sees what was changed by hand, and puts it right", async () => {
    await on(
      "sudo sh -c 'ufw disable; nft delete table inet agent_guard; systemctl stop fail2ban; " +
        "echo PermitRootLogin yes >> /etc/ssh/sshd_config.d/00-creel.conf'",
    );
    const found = [
      "nftables table inet agent_guard",
      "ufw enforcing",
      "file /etc/ssh/sshd_config.d/00-creel.conf",
      "unit fail2ban.service active",
    ];
    expect(await drift()).toEqual([...found, "bans: fail2ban jail sshd", "bans: fail2ban jail recidive"]);
    expect(await drift()).toHaveLength(6);
    expect((await converge(server.program)).changed).toEqual(found);
    expect(await drift()).toEqual([]);
    expect(await flows()).toEqual(guarded);
  });

  it("follows a change of the admin ranges without losing the connection", async () => {
    const both = server.programFor([`${world.network.gateway}/32`, "198.51.100.77/32"]);
    expect((await converge(both)).changed).toEqual([
      "ufw 22/tcp from 198.51.100.77/32",
      "file /etc/fail2ban/jail.d/creel.local",
    ]);
    expect((await converge(server.program)).changed).toHaveLength(2);
    expect(await on("sudo ufw status")).not.toContain("198.51.100.77");
  });
});

/** Whether a TCP port answers from this computer. */
async function dial(address: string, port: number): Promise<string> {
  const { exitCode } = await execa("bash", ["-c", `exec timeout 3 bash -c '</dev/tcp/${address}/${port}'`], {
    reject: false,
  });
  return exitCode === 0 ? "open" : "closed";
}
