import { execa } from "execa";
import { compiledFile } from "../../engine/paths";
import type { Arena } from "./arena";

/** What `creel verify` says of one control. */
interface Result {
  subject: string;
  id: string;
  verdict: string;
}

/** Runs `creel verify` on the fleet as an operator does. */
export async function verify(arena: Arena): Promise<{ exitCode: number; broken: string[]; unknown: string[] }> {
  const { deployment, world } = arena;
  const options = ["--json", "--tenants", "--resolver", world.registryAddress, "--ca", world.ca];
  const done = await execa(process.execPath, [compiledFile("cli", "main.js"), "verify", ...options], {
    cwd: deployment.folder,
    env: { ...deployment.environment },
    reject: false,
  });
  if (done.stdout === "") throw new Error(done.stderr);
  const results = JSON.parse(done.stdout) as Result[];
  const named = (wanted: string) =>
    results
      .filter(({ verdict }) => verdict === wanted)
      .map(({ subject, id }) => `${subject} ${id}`)
      .sort();
  return { exitCode: done.exitCode!, broken: named("broken"), unknown: named("unknown") };
}

const dropIn = "/etc/ssh/sshd_config.d/00-a.conf";
const status = "/var/lib/creel/status.json";
const image = "strange:latest";

/** What an intruder or a tired operator does on a server, and the controls that it breaks. */
const byHand: [controls: string[], command: string][] = [
  [["reef hardened"], `sudo sed -i 's/"ok": true/"ok": false/' ${status}`],
  [["reef drift"], "echo '# looser' | sudo tee -a /etc/ssh/sshd_config.d/00-creel.conf"],
  [
    ["reef ssh-settings", "reef ssh-algorithms"],
    `printf 'PasswordAuthentication yes\\nMACs hmac-sha1\\n' | sudo tee ${dropIn}`,
  ],
  [["reef firewall"], "sudo ufw allow 8080/tcp"],
  [["reef guard"], "sudo nft flush chain inet agent_guard forward"],
  [["reef ports"], "sudo systemd-run --quiet --unit strange-web python3 -m http.server 8080 --directory /srv"],
  [["reef secret-files"], "sudo chmod 0444 /run/agent-secrets/atlas/GITHUB_WEBHOOK_SECRET"],
  [["atlas-connector-bot present"], "docker rm --force atlas-connector-bot"],
  [["borea-connector runs"], "docker stop borea-connector"],
  [
    ["files", "image", "limits", "namespaces", "network", "privileges", "runs", "user"].map((id) => `borea ${id}`),
    `docker tag $(docker inspect --format '{{.Image}}' borea) ${image} && docker rm --force borea && ` +
      `docker run --detach --name borea --security-opt seccomp=unconfined --pid host --user 0:0 --publish 127.0.0.1:9999:80 --volume /:/host ${image}`,
  ],
  [["reef strangers"], `docker run --detach --name miner ${image}`],
];

/** Everything that {@link breakServer} breaks. */
export const brokenByHand = byHand.flatMap(([controls]) => controls).sort();

/** Breaks every control of a server and its containers by hand, the provider's firewall among them. */
export async function breakServer(arena: Arena): Promise<void> {
  await openCloudFirewall(arena);
  for (const [, command] of byHand) await onReef(arena, command);
}

/**
 * Takes away what neither the server nor a deployment knows of, and has the server mend what is its own: settings and
 * packet filters by converge, files of secrets as at a boot. Containers are the next deployment's.
 */
export async function mendServer(arena: Arena): Promise<void> {
  await onReef(arena, `docker rm --force miner borea && docker rmi ${image}; sudo systemctl stop strange-web`);
  await onReef(arena, `sudo rm ${dropIn} && sudo creel-converge && sudo creel-agent boot`);
}

async function onReef(arena: Arena, command: string): Promise<void> {
  const { servers } = await arena.fleet();
  await arena.deployment.ssh(servers.reef!, command);
}

async function openCloudFirewall({ world }: Arena): Promise<void> {
  const call = async (method: string, route: string, body?: object) => {
    const answer = await fetch(`${world.hetzner.endpoint}${route}`, {
      method,
      headers: { authorization: `Bearer ${world.hetzner.token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return (await answer.json()) as { firewalls: { id: number; rules: object[] }[] };
  };
  const [firewall] = (await call("GET", "/firewalls")).firewalls;
  const open = { direction: "in", protocol: "tcp", port: "8080", source_ips: ["0.0.0.0/0"] };
  await call("POST", `/firewalls/${firewall!.id}/actions/set_rules`, { rules: [...firewall!.rules, open] });
}
