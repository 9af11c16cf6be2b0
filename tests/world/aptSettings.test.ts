import { describe, expect, it } from "vitest";
import { aptSettingsFrom } from "../../sandbox/baseImage";

describe("apt settings for images", () => {
  it("are this computer's own mirrors of the release, and nobody else's archives", () => {
    const targets = [
      "http://mirror.example/debian/|bookworm|main|Debian",
      "http://mirror.example/debian/|bookworm|contrib|Debian",
      "http://mirror.example/debian-security/|bookworm-security|main|Debian",
      "https://download.docker.example/linux/debian/|bookworm|stable|Docker",
      "http://mirror.example/debian/|trixie|main|Debian",
    ].join("\n");
    const { sources, hosts } = aptSettingsFrom(targets, "");
    expect(sources.trim().split("\n")).toEqual([
      "deb http://mirror.example/debian/ bookworm main",
      "deb http://mirror.example/debian-security/ bookworm-security main",
    ]);
    expect(hosts).toEqual(["mirror.example"]);
  });

  it("leave the archive to Debian's default on a computer of another release", () => {
    const { hosts, sources } = aptSettingsFrom("http://archive.ubuntu.example/ubuntu/|noble|main|Ubuntu", "");
    expect(hosts).toEqual([]);
    expect(sources).toBe("");
  });

  it("hold proxies and how dates are judged, and nothing that runs programs", () => {
    const { conf } = aptSettingsFrom(
      "",
      [
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::https::Proxy::a.example "http://127.0.0.1:3142";',
        'Acquire::http::Proxy::mirror.example "DIRECT";',
        'Acquire::https::Proxy "";',
        'Acquire::Check-Date "false";',
        'DPkg::Post-Invoke:: "rm -rf /";',
        'Dir::Cache "var/cache/apt";',
      ].join("\n"),
    );
    expect(conf).toContain('Acquire::http::Proxy "http://proxy.example:3128";');
    expect(conf).toContain('Acquire::Check-Date "false";');
    expect(conf).not.toMatch(/Post-Invoke|Dir::|https/);
  });
});
