import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findBrowser } from "../../cli/browser";
import { startDashboard } from "../../cli/dashboard/server";
import { fleetReport } from "../../cli/report/fleetReport";
import { type FleetSeen, lookAtFleet, nothingSeen } from "../../cli/report/fleetSeen";
import { reportPage } from "../../cli/report/page/page";
import { chromiumMissing } from "../browserReady";
import { describeUnless } from "../requirements";
import { FakeServers } from "./fakeServers";
import { answerMixed, mixedFleet, mixedOutside } from "./mixedFleet";

const output = path.join(__dirname, "..", "output");
const file = path.join(output, "fleet.html");

/** Chromium's own sandbox does not work for root. No name leads anywhere. */
const switches = [
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** A phone at night and a desk by day. */
const views: [number, "light" | "dark"][] = [
  [390, "dark"],
  [1280, "light"],
];

/** Elements whose text or box goes beyond the page's right edge, or that are cut off where nobody can scroll. */
const overflowing = `[...document.querySelectorAll("body *")].filter((element) => {
  if (element.closest(".hidden, symbol") || element.getClientRects().length === 0) return false;
  const { right, left } = element.getBoundingClientRect();
  return right > document.documentElement.clientWidth + 0.5 || left < -0.5;
}).map((element) => element.outerHTML.slice(0, 120))`;

describeUnless(chromiumMissing(), "the page of a fleet in a browser", () => {
  let browser: Browser;
  let seen: FleetSeen;
  const report = (found: FleetSeen) => fleetReport(mixedFleet(), found, "production", new Date().toISOString());

  beforeAll(async () => {
    const servers = await FakeServers.start();
    await answerMixed(servers);
    seen = await lookAtFleet(mixedFleet(), mixedOutside(), { seconds: 20 });
    await servers.close();
    await mkdir(output, { recursive: true });
    await writeFile(file, reportPage(report(seen)));
    browser = await chromium.launch({ executablePath: findBrowser(), args: switches });
  });
  afterAll(() => browser?.close());

  /** The page at a width, and what it asked for beside itself. */
  async function open(width: number, colorScheme: "light" | "dark", url = pathToFileURL(file).href) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(url);
    return { page, asked, complaints };
  }

  /** What axe finds against it: contrast, names, order, roles. Its script is not the page's, so it comes past its policy. */
  async function barriers(page: Page): Promise<string[]> {
    await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
    const rules = `{ resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21aa"] }`;
    return page.evaluate(
      `axe.run(document, ${rules}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html.slice(0, 160))))`,
    );
  }

  it.each(views)("fits and can be read at %i px, %s, and asks for nothing", async (width, scheme) => {
    const { page, asked, complaints } = await open(width, scheme);
    await page.screenshot({ path: path.join(output, `report-${width}-${scheme}.png`), fullPage: true });
    expect(await page.evaluate(overflowing)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    expect(asked).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(await barriers(page)).toEqual([]);
    await page.context().close();
  });

  it("shows the dead server, and leads from a broken control to what it means", async () => {
    const { page } = await open(1280, "light");
    const card = page.locator("#server-shoal");
    expect(await card.locator("header").textContent()).toMatch(/shoal\s*dead/);
    const colour = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector("${selector}")).borderColor`);
    expect(await colour("#server-shoal")).not.toBe(await colour("#server-atoll"));
    await page
      .locator("td.broken a", { has: page.getByLabel("reef-1: broken") })
      .first()
      .click();
    const finding = page.locator("#broken-drift");
    expect(await page.evaluate("document.querySelector(':target').id")).toBe("broken-drift");
    expect(await finding.textContent()).toContain("auditd is not installed");
    await page.context().close();
  });

  it("prints on paper without what only a screen needs", async () => {
    const { page } = await open(1280, "light");
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("nav").isVisible()).toBe(false);
    // The width of A4 between its margins, in CSS pixels.
    await page.setViewportSize({ width: 718, height: 1000 });
    expect(await page.evaluate(overflowing)).toEqual([]);
    await page.pdf({
      path: path.join(output, "report.pdf"),
      format: "A4",
      margin: { top: "1cm", bottom: "1cm", left: "1cm", right: "1cm" },
    });
    await page.context().close();
  });

  it("keeps the dashboard current without loading it again", async () => {
    const found = nothingSeen();
    const dashboard = await startDashboard(0, () => report(found));
    const { page, complaints } = await open(1280, "light", dashboard.url);
    await page.locator("#link", { hasText: /^live$/ }).waitFor();
    await page.evaluate("window.still = true");
    expect(await page.locator("#server-shoal").textContent()).toContain("Being looked at");
    await page.screenshot({ path: path.join(output, "dashboard-first.png") });
    for (const name of ["reef-1", "shoal"]) found.servers[name] = seen.servers[name]!;
    dashboard.update();
    await page.locator("#server-shoal.dead").waitFor();
    expect(await page.locator("#server-reef-1").textContent()).toContain("2 things differ");
    expect(await page.locator("#server-atoll").textContent()).toContain("Being looked at");
    await page.screenshot({ path: path.join(output, "dashboard.png"), fullPage: true });
    expect(await page.evaluate("window.still")).toBe(true);
    expect(complaints).toEqual([]);
    await dashboard.close();
    await page.locator("#link.lost").waitFor();
    await page.context().close();
  });
});
