import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../sandbox/clouds/store";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "creel-store-"));
  file = path.join(folder, "inner", "cloud.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the state file of a cloud", () => {
  it("keeps what was saved", async () => {
    const store = await openStore(file, { count: 0, names: [] as string[] });
    store.state.count = 2;
    store.state.names.push("reef");
    await store.save();
    expect((await openStore(file, { count: 0, names: [] as string[] })).state).toEqual({ count: 2, names: ["reef"] });
  });

  it("gives new collections their first value when the file is from before them", async () => {
    const old = await openStore<{ count: number; later?: object }>(file, { count: 1 });
    await old.save();
    expect((await openStore(file, { count: 0, later: {} })).state).toEqual({ count: 1, later: {} });
  });

  it("has everything in the file that was changed before the call, whatever is being written", async () => {
    const store = await openStore(file, { count: 0 });
    const saves = Array.from({ length: 50 }, async (_, index) => {
      store.state.count = index + 1;
      const promised = store.state.count;
      await store.save();
      const { count } = JSON.parse(await readFile(file, "utf8")) as { count: number };
      expect(count).toBeGreaterThanOrEqual(promised);
    });
    await Promise.all(saves);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ count: 50 });
    expect(await readdir(path.dirname(file))).toEqual(["cloud.json"]);
  });

  it("is whole at every moment", async () => {
    const store = await openStore(file, { filling: "" });
    await store.save();
    let reading = true;
    const reader = (async () => {
      while (reading) JSON.parse(await readFile(file, "utf8"));
    })();
    for (let round = 0; round < 30; round++) {
      store.state.filling = String(round).repeat(200_000);
      await store.save();
    }
    reading = false;
    await reader;
  });

  it("is its owner's alone", async () => {
    await (await openStore(file, {})).save();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  });

  it("starts from the last whole file after a write that was cut off", async () => {
    await (await openStore(file, { count: 3 })).save();
    await writeFile(`${file}.0f0f.tmp`, '{"count": 4');
    expect((await openStore(file, { count: 0 })).state).toEqual({ count: 3 });
    expect(await readdir(path.dirname(file))).toEqual(["cloud.json"]);
  });

  it.each(["", "[]", "null", '{"count": '])("refuses a file that is no state: %j", async (text) => {
    await (await openStore(file, {})).save();
    await writeFile(file, text);
    await expect(openStore(file, {})).rejects.toThrow(`${file} is not a state file of the sandbox`);
  });

  it("goes on after a write that failed", async () => {
    const store = await openStore(file, { count: 1 });
    await rm(path.dirname(file), { recursive: true });
    await expect(store.save()).rejects.toThrow("ENOENT");
    await (await openStore(file, {})).save();
    store.state.count = 2;
    await store.save();
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ count: 2 });
  });
});
