import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { mayBeSecret, withoutSecrets } from "../../cli/github/hidden";
import { code, codeBlock, fitted, foldedPart, htmlCode, markerLine, markerOf } from "../../cli/github/markdown";
import { pseudoRandom } from "../components/pseudoRandom";

/** As GitHub renders it, HTML that is in the text included. */
function rendered(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
}

/** What is left of a rendered text outside of code. */
function outsideCode(html: string): string {
  return html.replace(/<pre><code>[\s\S]*?<\/code><\/pre>|<code>[\s\S]*?<\/code>/g, "");
}

const nasty = [
  "`",
  "``",
  "```",
  "````",
  "~~~",
  "|",
  "\\",
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  "    ",
  "<",
  ">",
  "</details>",
  "<script>alert(1)</script>",
  "<!--",
  "-->",
  "@ana",
  "@acme/admins",
  "#12",
  "[x](https://evil.test)",
  "![x](https://evil.test/p.png)",
  "https://evil.test",
  "www.evil.test",
  "ana@evil.test",
  "**",
  "_",
  "~~",
  "- ",
  "1. ",
  "# ",
  "> ",
  "===",
  "---",
  "&lt;",
  "&#64;",
  "$x$",
  "$",
  ":tada:",
  "\u202e",
  "\u200b",
  "\u0000",
  "</code>",
  "</summary>",
  "[^1]",
  "| - |",
  "word",
  "agent-1",
];

describe("text from elsewhere in Markdown", () => {
  it("stays code, whatever it is made of", () => {
    const random = pseudoRandom(7);
    for (let i = 0; i < 1000; i++) {
      const text = Array.from({ length: 1 + random(7) }, () => nasty[random(nasty.length)]).join("");
      const markdown = [
        `- one ${code(text)} two`,
        codeBlock(text, 500),
        foldedPart(`three ${htmlCode(text)} four`, `- five ${code(text)} six ${code(text)} seven`),
      ].join("\n\n");
      const html = outsideCode(rendered(markdown));
      const plain = html.replace(/\s+/g, " ").trim();
      expect(plain, JSON.stringify(text)).toBe(
        "<ul> <li>one two</li> </ul> <details><summary>three four</summary> <ul> <li>five six seven</li> </ul> </details>",
      );
    }
  });

  it("is shown as it is", () => {
    expect(rendered(code("a `b` | <c> @d"))).toBe("<p><code>a `b` | &lt;c&gt; @d</code></p>");
    expect(rendered(codeBlock("a\n```\n</details>\nb", 100))).toBe(
      "<pre><code>a\n```\n&lt;/details&gt;\nb\n</code></pre>",
    );
  });

  it("is cut where it is long, between characters", () => {
    expect(code("😀".repeat(200), 10)).toBe(`\`${"😀".repeat(9)}…\``);
    expect(codeBlock("x\n".repeat(500), 20).length).toBeLessThan(40);
  });
});

describe("what may be a secret", () => {
  it.each([
    "sk-ant-api03-AbCdEf0123456789",
    "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
    "0123456789abcdef0123456789abcdef",
    "123456789:AAF0k3nOfTelegramAbcdefghijklmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlMTIzNDU2Nzg5MA",
    "MODEL_API_KEY=hunter2",
    '"password": "correct horse"',
    "Authorization: Bearer abc.def",
    "https://ana:hunter2@example.com/",
    "https://ana:p@hunter2/x@example.com/",
    "MODEL_API_KEY: hunter2",
    "password: hunter2",
    `dop_v1_${"0a".repeat(32)}`,
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----",
  ])("is left out: %s", (secret) => {
    const text = withoutSecrets(`before ${secret} after`);
    expect(text).toMatch(/^before [\s\S]*\[hidden\][\s\S]*after$/);
    const parts = secret.split(/[\s"=:/@.-]+/).filter((part) => part.length > 14);
    for (const part of parts) expect(text).not.toContain(part);
    for (const word of ["hunter2", "correct horse", "abc.def"]) expect(text).not.toContain(word);
  });

  it.each([
    "creel:fleet has 2 faults; nothing was changed",
    'agents.atlas.image "openclaw:latest" has no digest: write repo@sha256:… (creel image pin openclaw:latest prints it)',
    "urn:pulumi:staging::acme-fleet::creel:index:Fleet$creel:index:AgentTunnel$cloudflare:index/dnsRecord:DnsRecord::atlas",
    "hcloud:token is missing: set it with pulumi config set --secret hcloud:token, or in the environment as HCLOUD_TOKEN",
    "set it with pulumi config set --secret --path creel:secrets.atlas.ANTHROPIC_API_KEY",
    "reef: 3 agents, 768 of 8192 MiB; new there: dora, atlas-with-a-long-name",
    "node_modules/@pulumi/cloudflare/zeroTrustTunnelCloudflaredConfig.js",
    "9f54c3d6-e060-4c40-ac1b-5e0f5942c81b.cfargotunnel.com",
  ])("is not: %s", (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it("shortens a digest, which is none", () => {
    const image = `ghcr.io/openclaw/openclaw@sha256:${"1a".repeat(32)}`;
    expect(withoutSecrets(image)).toBe("ghcr.io/openclaw/openclaw@sha256:1a1a1a1a1a1a…");
    expect(mayBeSecret(image)).toBe(false);
  });
});

describe("a text that has to fit", () => {
  it("leaves out what is too much, from the end, and says so", () => {
    const parts = Array.from({ length: 100 }, (_, i) => `part ${i} ${"x".repeat(2000)}`);
    const text = fitted(["head"], parts);
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text.length).toBeGreaterThan(60_000);
    expect(text).toMatch(/^head\n\npart 0 [\s\S]*Left out because a comment holds no more: \d+ of 100 parts\.\n$/);
  });

  it("is found again by its marker, which nothing can end early", () => {
    expect(markerOf(`${markerLine("changes", "fleet/sta--> ging\n")}\nrest`)).toBe(
      "<!-- creel:changes fleet/sta--ging -->",
    );
    expect(markerOf("text\n<!-- creel:changes a -->")).toBeUndefined();
  });
});
