import { afterAll, beforeAll, expect, test } from "vitest";
import { ProgramStack } from "./stack";

let stack: ProgramStack;
beforeAll(async () => {
  stack = await ProgramStack.open();
});
afterAll(async () => {
  await stack?.close();
});

const everyKind = `
const password = new random.RandomPassword("password", { length: 64, special: false, minNumeric: 3, keepers: { epoch: "1" } });
const text = new random.RandomString("text", { length: 12, upper: false, overrideSpecial: "_" });
const id = new random.RandomId("id", { byteLength: 4, prefix: "p-" });
const bytes = new random.RandomBytes("bytes", { length: 8 });
const uuid = new random.RandomUuid("uuid");
exports.password = password.result;
exports.bcryptHash = password.bcryptHash;
exports.text = text.result;
exports.id = id.hex;
exports.bytes = bytes.hex;
exports.uuid = uuid.result;
`;

test("values obey their rules, stay, and secrets are encrypted in state", async () => {
  await stack.up(everyKind);
  const first = await stack.outputs();
  expect(first.password).toMatch(/^[A-Za-z0-9]{64}$/);
  expect(String(first.password).replace(/\D/g, "").length).toBeGreaterThanOrEqual(3);
  expect(first.text).toMatch(/^[a-z0-9_]{12}$/);
  expect(first.id).toMatch(/^p-[0-9a-f]{8}$/);
  expect(first.bytes).toMatch(/^[0-9a-f]{16}$/);
  expect(first.uuid).toMatch(/^[0-9a-f-]{36}$/);
  expect(first.bcryptHash).toMatch(/^\$2[aby]\$10\$/);

  expect((await stack.resource("password")).id).toBe("none");
  const state = await stack.stateText();
  expect(state).not.toContain(first.password);
  expect(state).not.toContain(first.bcryptHash);
  expect(state).not.toContain(`"${String(first.bytes)}"`);

  await stack.expectSettled();
  await stack.up();
  expect(await stack.outputs()).toEqual(first);
});

test("a change of keepers replaces, creating first", async () => {
  const before = await stack.outputs();
  await stack.program(everyKind.replace('"1"', '"2"'));
  const preview = await stack.must("preview", "--diff");
  expect(preview).toMatch(/\+\+?random:index\/randomPassword:RandomPassword: \(create-replacement\)|replace/);
  await stack.up();
  const after = await stack.outputs();
  expect(after.password).not.toBe(before.password);
  expect(after.text).toBe(before.text);
  await stack.expectSettled();
});

test("faults show in the preview, and nothing is created", async () => {
  const cases: [string, RegExp][] = [
    ['new random.RandomPassword("bad", { length: 3, minNumeric: 4 })', /must be at least sum of min_upper/],
    ['new random.RandomPassword("bad", { length: 0 })', /must be at least 1/],
  ];
  for (const [source, message] of cases) {
    await stack.program(`${everyKind.replace('"1"', '"2"')}\n${source}`);
    const run = await stack.run("preview");
    expect(run.ok).toBe(false);
    expect(run.output).toMatch(message);
  }
});

test("import takes over an existing value", async () => {
  await stack.up(`
    const password = new random.RandomPassword("kept", { length: 14 }, { import: "correct-horse!" });
    exports.password = password.result;
  `);
  expect((await stack.outputs()).password).toBe("correct-horse!");
  await stack.program(`
    const password = new random.RandomPassword("kept", { length: 14 });
    exports.password = password.result;
  `);
  await stack.expectSettled();
});
