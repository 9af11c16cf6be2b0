import { afterAll, beforeAll, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { DockerDaemon, dockerdMissing } from "./dockerDaemon";
import { Registry, registryMissing } from "./registry";
import { ProgramStack } from "./stack";

let daemon: DockerDaemon;
let registry: Registry;
let stack: ProgramStack;

/** Pushes an image and forgets it locally; its reference by digest. */
function publish(label: string): string {
  const name = `127.0.0.1:${registry.port}/fleet/box:${label}`;
  daemon.makeImage(name, label);
  const digest = /sha256:[0-9a-f]{64}/.exec(daemon.cli("push", name))![0];
  daemon.cli("image", "rm", "--force", name);
  return `127.0.0.1:${registry.port}/fleet/box@${digest}`;
}

const program = (image: string) => `
  const opts = { provider: new docker.Provider("host", { host: "unix://${daemon.socket}" }) };
  const image = new docker.RemoteImage("image", { name: "${image}", keepLocally: true }, opts);
  const container = new docker.Container("box", { image: "${image}", name: "box" }, { ...opts, dependsOn: image });
  exports.image = image.imageId;
  exports.digest = image.repoDigest;
  exports.id = container.id;
`;

describeUnless(dockerdMissing() ?? registryMissing(), "docker stand-in: images, networks and volumes", () => {
  beforeAll(async () => {
    daemon = new DockerDaemon();
    await daemon.start();
    registry = await Registry.start();
    stack = await ProgramStack.open({}, ["docker"]);
  });
  afterAll(async () => {
    await stack?.close();
    await registry?.stop();
    await daemon?.stop();
  });

  test("an image is pulled by digest, and another digest replaces the container", async () => {
    const [first, second] = [publish("1"), publish("2")];
    await stack.up(program(first));
    const before = await stack.outputs();
    expect(before.digest).toBe(first);
    const info = await daemon.docker.getContainer(String(before.id)).inspect();
    expect(info.Image).toBe(before.image);
    expect(info.Config.Image).toBe(first);
    await stack.expectSettled();

    await stack.up(program(second));
    const after = await stack.outputs();
    expect(after.digest).toBe(second);
    expect(after.id).not.toBe(before.id);
    await stack.expectSettled();
    // Kept on the daemon: another container may still need it.
    expect(daemon.cli("images", "--digests", "--format", "{{.Digest}}").split("\n")).toHaveLength(2);
  });

  test("an image that nobody has is named in the error", async () => {
    const missing = `127.0.0.1:${registry.port}/fleet/box@sha256:${"0".repeat(64)}`;
    await stack.program(program(missing));
    const run = await stack.run("up", "--yes", "--skip-preview");
    expect(run.ok).toBe(false);
    expect(run.output).toMatch(/unable to pull image .*sha256:0000.*(not found|manifest unknown)/);
  });

  test("a network and a volume made by hand are taken over, and every change replaces them", async () => {
    const network = await daemon.docker.createNetwork({ Name: "by-hand", Driver: "bridge", Options: { a: "b" } });
    await daemon.docker.createVolume({ Name: "by-hand", Labels: { keep: "yes" } });
    const both = (options: string, label: string, imports: [string, string] = ["", ""]) => `
      const opts = { provider: new docker.Provider("host", { host: "unix://${daemon.socket}" }) };
      const network = new docker.Network("net", { name: "by-hand", options: { a: "${options}" } }, { ...opts, ${imports[0]} });
      const volume = new docker.Volume("vol", { name: "by-hand", labels: [{ label: "keep", value: "${label}" }] }, { ...opts, ${imports[1]} });
      exports.network = network.id;
      exports.mountpoint = volume.mountpoint;
    `;
    await stack.up(both("b", "yes", [`import: "${network.id}"`, 'import: "by-hand"']));
    expect((await stack.outputs()).network).toBe(network.id);
    expect((await stack.outputs()).mountpoint).toMatch(/by-hand/);
    await stack.up(both("b", "yes"));
    await stack.expectSettled();

    expect(await stack.up(both("c", "no"))).toMatch(/2 replaced/);
    expect((await daemon.docker.getVolume("by-hand").inspect()).Labels).toEqual({ keep: "no" });
    await stack.expectSettled();

    await daemon.docker.getNetwork("by-hand").remove();
    expect(await stack.must("refresh", "--yes", "--skip-preview")).toMatch(/1 deleted/);
    await stack.up();
    await stack.expectSettled();
  });
});
