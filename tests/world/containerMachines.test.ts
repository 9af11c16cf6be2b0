import { describe, expect, it } from "vitest";
import type { noMachines } from "../../sandbox/clouds/machines";
import { containerMachines, containerSpec, type HostFacts } from "../../sandbox/machines/containerMachines";

const machine = {
  id: 7,
  name: "reef-1",
  ipv4: "198.51.100.10",
  cores: 8,
  memoryMiB: 4096,
  userData: "#cloud-config\n",
  image: "debian-12",
  location: "fsn1",
  sshKeys: [],
};
const options = {
  socket: "/no/such.sock",
  network: "creel-sandbox",
  images: { "debian-12": "server:1" },
  resolvConf: "/etc/resolv.conf",
  labels: { "creel.sandbox": "id" },
};
const host: HostFacts = { cgroup: 1, cores: 2, appArmor: false };

describe("a server's container", () => {
  it("has the address, size and name that were ordered, within what the computer has", () => {
    const spec = containerSpec(machine, "server:1", options, host);
    expect(spec).toMatchObject({ name: "creel-server-7", Hostname: "reef-1", StopSignal: "SIGRTMIN+3" });
    expect(spec.NetworkingConfig?.EndpointsConfig?.["creel-sandbox"]?.IPAMConfig?.IPv4Address).toBe("198.51.100.10");
    expect(spec.HostConfig).toMatchObject({
      Memory: 4 * 1024 ** 3,
      NanoCpus: 2e9,
      CapAdd: ["ALL"],
      CapDrop: ["SYS_RESOURCE"],
      RestartPolicy: { Name: "unless-stopped" },
    });
    expect(spec.HostConfig?.Privileged).toBeUndefined();
  });

  it("gets no user-data but through the metadata service", () => {
    expect(JSON.stringify(containerSpec(machine, "server:1", options, host))).not.toContain("cloud-config");
  });

  it("is off the network when it was ordered without an address", () => {
    const spec = containerSpec({ ...machine, ipv4: "" }, "server:1", options, host);
    expect(spec.HostConfig?.NetworkMode).toBe("none");
    expect(spec.NetworkingConfig).toBeUndefined();
  });

  it("follows the computer's control groups and AppArmor", () => {
    const first = containerSpec(machine, "server:1", options, host);
    expect(first.HostConfig).toMatchObject({ CgroupnsMode: "host", SecurityOpt: ["seccomp=unconfined"] });
    expect(first.HostConfig?.Binds).toContain("/sys/fs/cgroup:/sys/fs/cgroup:rw");
    const second = containerSpec(machine, "server:1", options, { ...host, cgroup: 2, appArmor: true });
    expect(second.HostConfig).toMatchObject({
      CgroupnsMode: "private",
      SecurityOpt: ["seccomp=unconfined", "apparmor=unconfined"],
    });
    expect(second.HostConfig?.Binds?.join()).not.toContain("cgroup");
  });
});

it("an image the sandbox does not have is refused with those it has", async () => {
  const machines: ReturnType<typeof noMachines> = containerMachines(options);
  await expect(machines.create({ ...machine, image: "fedora-40" })).rejects.toThrow(
    'the sandbox has no image "fedora-40" to boot (images: debian-12)',
  );
});
