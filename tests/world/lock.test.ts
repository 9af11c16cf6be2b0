import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { withLock } from "../../sandbox/lock";

describe("the lock", () => {
  const newLock = async () => path.join(await mkdtemp(path.join(tmpdir(), "creel-lock-")), "lock");
  const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

  it("lets one work at a time, and the others after it", async () => {
    const lock = await newLock();
    const events: string[] = [];
    const work = (name: string) =>
      withLock(
        lock,
        (line) => void events.push(line.replace(/\d+/, "N")),
        async () => {
          events.push(`${name} begins`);
          await pause(300);
          events.push(`${name} ends`);
        },
      );
    await Promise.all([work("first"), pause(50).then(() => work("second"))]);
    expect(events).toEqual([
      "first begins",
      "waiting for process N, which is changing the sandbox",
      "first ends",
      "second begins",
      "second ends",
    ]);
    expect(existsSync(lock)).toBe(false);
  });

  it("is given back when the work fails", async () => {
    const lock = await newLock();
    await expect(
      withLock(
        lock,
        () => undefined,
        () => Promise.reject(new Error("no")),
      ),
    ).rejects.toThrow("no");
    expect(existsSync(lock)).toBe(false);
  });

  it.each([
    ["ended", { pid: 2 ** 22 + 1, started: "1" }],
    ["was started before this one took its pid", { pid: process.pid, started: "1" }],
  ])("is taken over from a process that %s", async (_, holder) => {
    const lock = await newLock();
    await writeFile(lock, JSON.stringify(holder));
    expect(
      await withLock(
        lock,
        () => undefined,
        async () => "done",
      ),
    ).toBe("done");
  });
});
