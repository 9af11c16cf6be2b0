import { readFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { sshOptions } from "../../components/connection";
import { hostKeyFrom } from "../../components/host/hostKey";
import { convergeProgram } from "../../components/host/program";
import { wantedState } from "../../components/host/render";
import { userData } from "../../components/host/userData";
import type { HostFacts } from "../../components/host/wantedState";
import { production } from "../../profiles/host";
import type { World } from "../../sandbox/world";
import { eventually, hetznerClient, newKey } from "../world/machine";

const hostKeysProgram = readFileSync(path.join(__dirname, "..", "..", "components", "host", "host_keys.py"), "utf8");

/** A server ordered from the sandbox's API and taken through what HardenedServer does, one connection at a time. */
export async function orderServer(world: World, name: string) {
  const admin = newKey();
  const facts: HostFacts = {
    serverName: name,
    user: "deploy",
    adminKeys: [admin.publicKey],
    adminCidrs: [`${world.network.gateway}/32`],
  };
  const program = convergeProgram(wantedState(production, facts));
  const bootstrap = hostKeyFrom(`${name} ${Date.now()}`);
  const hetzner = hetznerClient(world);
  const { server } = (await hetzner("POST", "/servers", {
    name,
    server_type: "cx23",
    image: "debian-12",
    location: "fsn1",
    user_data: userData({ profile: production, facts, program, bootstrapKey: bootstrap }),
  })) as { server: { id: number; public_net: { ipv4: { ip: string } } } };
  const ipv4 = server.public_net.ipv4.ip;

  /** Runs a command as the deploying user; fails unless the server shows one of the keys. */
  const run = (hostKeys: string[], command: string, input = "", attempts = 1) => {
    const identity = ["-i", admin.file, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"];
    const options = [...identity, ...sshOptions(hostKeys), "-o", `ConnectionAttempts=${attempts}`];
    return execa("ssh", ["-T", ...options, `deploy@${ipv4}`, command], { input, reject: false });
  };
  return {
    id: server.id,
    ipv4,
    bootstrap: bootstrap.publicKey,
    program,
    /** The converge program with other admin ranges. */
    programFor: (adminCidrs: string[]) => convergeProgram(wantedState(production, { ...facts, adminCidrs })),
    run,
    handOver: (step: string, hostKeys: string[]) => run(hostKeys, `sudo python3 -I - ${step}`, hostKeysProgram, 90),
    reboot: () => hetzner("POST", `/servers/${server.id}/actions/reboot`),
    /** Waits until it is gone, so that nothing is left to happen once the test is over. */
    remove: async () => {
      const { action } = (await hetzner("DELETE", `/servers/${server.id}`)) as { action: { id: number } };
      await eventually(60, async () => {
        const now = (await hetzner("GET", `/actions/${action.id}`)) as { action: { status: string } };
        if (now.action.status === "running") throw new Error("the server is still being removed");
      });
    },
  };
}
