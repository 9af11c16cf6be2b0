import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browserSwitches, findBrowser } from "../../cli/browser";
import type { Deployment } from "../../cli/deployment";
import type { World } from "../../sandbox/world";
import { browserMissing } from "../browserReady";
import { describeUnless } from "../requirements";
import { canaryValue, fleetOutput, openStack } from "./stack";

const output = path.join(__dirname, "..", "output");

/** What a person sees, in a real browser that knows the sandbox's internet and nothing else. */
describeUnless(browserMissing(), "an agent in the browser", () => {
  let world: World;
  let deployment: Deployment;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    ({ world, deployment } = await openStack({ MODEL_API_KEY: canaryValue() }));
    await deployment.pulumi(["up", "--yes"]);
    url = (await fleetOutput(deployment)).agents.atlas!.url;
    await mkdir(output, { recursive: true });
    browser = await chromium.launch({ executablePath: findBrowser(), args: await browserSwitches(world) });
  });

  afterAll(async () => {
    await browser?.close();
    await deployment?.pulumi(["destroy", "--yes"]);
    await deployment?.remove();
  });

  async function askForPin(page: Page, email: string): Promise<void> {
    await page.goto(url);
    expect(new URL(page.url()).hostname).toBe(`${world.cloudflare.team}.cloudflareaccess.com`);
    await page.locator("input[name=email]").fill(email);
    await page.keyboard.press("Enter");
    await page.locator("input[name=code]").waitFor();
  }

  it("asks who comes, lets ana in with the PIN from her mailbox, and talks to her", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await askForPin(page, "ana@example.com");
    await page.screenshot({ path: path.join(output, "login.png") });
    const mailbox = await context.newPage();
    await mailbox.goto(world.mailbox);
    const row = mailbox.locator("tr", { hasText: "ana@example.com" }).first();
    const pin = await row.locator(".code").textContent();
    await page.locator("input[name=code]").fill(pin!);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${url}/`);
    expect(await page.locator("#user").textContent()).toBe("ana@example.com");
    await page.locator("#status[data-open=yes]").waitFor();
    await page.locator("#message").fill("from a person");
    await page.keyboard.press("Enter");
    await page.locator("#echoes li").waitFor();
    expect(await page.locator("#echoes li").allTextContents()).toEqual(["from a person"]);
    const picture = path.join(output, "agent.png");
    await page.screenshot({ path: picture });
    console.log(`screenshots: ${path.join(output, "login.png")}, ${picture}`);
  });

  it("sends no PIN to somebody who is not of the tenant, and does not let them in", async () => {
    const page = await (await browser.newContext()).newPage();
    await askForPin(page, "mallory@example.net");
    const mails = (await (await fetch(`${world.mailbox}.json`)).json()) as { to: string }[];
    expect(mails.map((mail) => mail.to)).not.toContain("mallory@example.net");
    await page.locator("input[name=code]").fill("123456");
    await page.keyboard.press("Enter");
    await page.waitForLoadState("networkidle");
    expect(new URL(page.url()).hostname).not.toBe(new URL(url).hostname);
    await page.goto(url);
    expect(await page.locator("#user").count()).toBe(0);
  });
});
