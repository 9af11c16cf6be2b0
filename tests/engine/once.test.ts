import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { makeOnce } from "../../engine/once";
import { temporaryFolder } from "./folders";

const write = async (unfinished: string) => writeFileSync(path.join(unfinished, "file"), "whole");

describe("makeOnce", () => {
  it("makes the folder and leaves nothing else", async () => {
    const root = temporaryFolder();
    await makeOnce(path.join(root, "made"), write);
    expect(readdirSync(root)).toEqual(["made"]);
    expect(readFileSync(path.join(root, "made", "file"), "utf8")).toBe("whole");
  });

  it("does the work once for several that ask at the same time", async () => {
    const folder = path.join(temporaryFolder(), "made");
    let runs = 0;
    let waited = 0;
    const slow = async (unfinished: string) => {
      runs++;
      await sleep(300);
      expect(existsSync(folder)).toBe(false); // nobody sees it half-made
      await write(unfinished);
    };
    await Promise.all([1, 2, 3].map(() => makeOnce(folder, slow, () => waited++)));
    expect({ runs, waited }).toEqual({ runs: 1, waited: 2 });
  });

  it("leaves nothing behind when the work fails, and starts anew the next time", async () => {
    const root = temporaryFolder();
    const fail = async (unfinished: string) => {
      await write(unfinished);
      throw new Error("no luck");
    };
    await expect(makeOnce(path.join(root, "made"), fail)).rejects.toThrow("no luck");
    expect(readdirSync(root)).toEqual([]);
    await makeOnce(path.join(root, "made"), write);
    expect(readdirSync(root)).toEqual(["made"]);
  });

  it("clears away what a killed run left: its folder, and its lock", async () => {
    const root = temporaryFolder();
    mkdirSync(path.join(root, "made.unfinished-99999999"));
    writeFileSync(path.join(root, "made.lock"), "99999999"); // above the highest possible process id
    await makeOnce(path.join(root, "made"), write);
    expect(readdirSync(root)).toEqual(["made"]);
  });

  it("takes over a lock whose owner's number now belongs to another process", async () => {
    const root = temporaryFolder();
    const lock = path.join(root, "made.lock");
    writeFileSync(lock, String(process.ppid));
    const old = new Date(Date.now() - 120_000);
    utimesSync(lock, old, old);
    await makeOnce(path.join(root, "made"), write);
    expect(readdirSync(root)).toEqual(["made"]);
  });
});
