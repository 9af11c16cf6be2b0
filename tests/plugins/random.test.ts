import { compare } from "bcryptjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/random";
import { ProviderClient } from "./client";

const PASSWORD = "random:index/randomPassword:RandomPassword";
const STRING = "random:index/randomString:RandomString";
const ID = "random:index/randomId:RandomId";
const BYTES = "random:index/randomBytes:RandomBytes";
const UUID = "random:index/randomUuid:RandomUuid";

let client: ProviderClient;
beforeAll(async () => {
  client = await ProviderClient.start(provider as never);
});
afterAll(() => client.stop());

const plain = (value: unknown) => (value as { value: string }).value;

test("a password follows its rules, is secret, and has a true bcrypt hash", async () => {
  const { id, outputs } = await client.create(PASSWORD, {
    length: 20,
    lower: false,
    minUpper: 5,
    minSpecial: 5,
    overrideSpecial: "#",
    numeric: false,
  });
  const result = plain(outputs.result);
  expect(id).toBe("none");
  expect(result).toMatch(/^[A-Z#]{20}$/);
  expect(result.replace(/[^#]/g, "").length).toBeGreaterThanOrEqual(5);
  expect(await compare(result, plain(outputs.bcryptHash))).toBe(true);
  expect(outputs).toMatchObject({ number: false, numeric: false, special: true, minLower: 0, upper: true });
});

test("a preview knows the defaults, not the values", async () => {
  const { outputs } = await client.create(PASSWORD, { length: 8 }, true);
  expect(outputs).toMatchObject({ length: 8, lower: true, minLower: 0 });
  expect(plain(outputs.result)).toBe("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
});

test("all characters of a set occur", async () => {
  const { outputs } = await client.create(STRING, { length: 4000 });
  expect(new Set(String(outputs.result)).size).toBe(26 + 26 + 10 + 21);
});

test("a length must have room for the minimums, and some character must be allowed", async () => {
  const { reasons } = await client.check(PASSWORD, { length: 3, minLower: 2, minUpper: 2 });
  expect(reasons).toEqual([
    "Invalid Attribute Value. Attribute length value must be at least sum of min_upper + min_lower + min_numeric + min_special, got: 3. " +
      "Examine values at 'thing.length'.",
  ]);
  const nothing = { length: 3, lower: false, upper: false, numeric: false, special: false };
  await expect(client.create(PASSWORD, nothing)).rejects.toThrow(/character set specified is empty/);
});

test("the set of special characters replaces, except from empty to none", async () => {
  const olds = { length: 8, overrideSpecial: "!" };
  expect((await client.diff(PASSWORD, olds, { length: 8, overrideSpecial: "#" })).replaces).toEqual([
    "overrideSpecial",
  ]);
  const emptied = await client.diff(PASSWORD, { length: 8, overrideSpecial: "" }, { length: 8 });
  expect(emptied).toMatchObject({ changed: true, replaces: [] });
});

test.each([
  [PASSWORD, "s3cret", "none", { length: 6 }],
  [STRING, "abc", "abc", { length: 3 }],
  [BYTES, "AAEC", "AAEC", { length: 3 }],
  [ID, "AAEC", "AAEC", { byteLength: 3 }],
  [ID, "web-,AAEC", "AAEC", { byteLength: 3, prefix: "web-" }],
  [UUID, "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef", {}],
])("import of %s %s settles on the program that made it", async (token, given, id, news) => {
  const imported = await client.read(token, given);
  expect(imported.id).toBe(id);
  const { inputs, reasons } = await client.check(token, news, imported.inputs);
  expect(reasons).toEqual([]);
  expect((await client.diff(token, imported.inputs, inputs)).detailed).toEqual({});
});

test("an id in all its forms", async () => {
  const { outputs } = await client.read(ID, "web-,AAEC");
  expect(outputs).toMatchObject({ hex: "web-000102", dec: "web-258", b64Std: "web-AAEC", b64Url: "web-AAEC" });
});
