import { type Html, html } from "../../html";
import type { EdgeResponse, HeaderList } from "../request";
import type { Provider } from "./applications";
import { page } from "./html";

/** Words that a person whom no policy admits reads, and everybody whose PIN is wrong. */
export const noAccess = "That account does not have access.";

function hidden(nonce: string): Html {
  return html`<input type="hidden" name="nonce" value="${nonce}">`;
}

function alert(text: string | undefined): Html {
  return text === undefined ? html`` : html`<p role="alert">${text}</p>`;
}

export interface LoginPage {
  nonce: string;
  application: string;
  host: string;
  providers: Provider[];
}

/** The ways to log in to an application. */
export function loginPage({ nonce, application, host, providers }: LoginPage, headers: HeaderList): EdgeResponse {
  const pin = providers.find(({ type }) => type === "onetimepin");
  const others = providers.filter(({ type }) => type !== "onetimepin");
  const form = html`<form method="post" action="/cdn-cgi/access/verify-code/${host}">
${hidden(nonce)}
<label for="email">Get a login code emailed to you</label>
<input id="email" name="email" type="email" maxlength="254" autocomplete="email" placeholder="Email" required>
<button>Send me a code</button>
</form>`;
  const links = others.map(
    ({ id, name, type }) =>
      html`<li><a href="/cdn-cgi/access/identity-provider/${id}?nonce=${nonce}">${name} <small>(${type})</small></a></li>\n`,
  );
  const body = html`<p>Log in to <strong>${application}</strong> on ${host}.</p>
${links.length > 0 ? html`<h2>Sign in with</h2>\n<ul>\n${links}</ul>` : ""}
${pin ? form : ""}
${providers.length === 0 ? alert("This application has no login method.") : ""}`;
  return page(200, { title: "Sign in", body }, headers);
}

/** Asks for the PIN. Says the same to everybody. */
export function codePage(
  status: number,
  { nonce, email, problem }: { nonce: string; email: string; problem?: string },
): EdgeResponse {
  const body = html`<p>A code has been emailed to <strong>${email}</strong>. It counts for ten minutes.</p>
${alert(problem)}
<form method="post" action="/cdn-cgi/access/callback">
${hidden(nonce)}
<label for="code">Login code</label>
<input id="code" name="code" inputmode="numeric" pattern="[0-9 ]*" maxlength="12" autocomplete="one-time-code" autofocus required>
<button>Sign in</button>
</form>`;
  return page(status, { title: "Enter your code", body });
}

/** Types of providers that report how somebody authenticated. */
export const reportsMethods: readonly string[] = ["okta", "azureAD", "oidc", "saml"];

/** The sandbox in place of somebody else's identity provider. */
export function providerPage(
  status: number,
  { nonce, provider, problem }: { nonce: string; provider: Provider; problem?: string },
): EdgeResponse {
  const factor = html`<fieldset>
<legend>Did you use a second factor?</legend>
<label><input type="radio" name="factor" value="yes"> Yes</label>
<label><input type="radio" name="factor" value="no" checked> No</label>
</fieldset>`;
  const claims = html`<label for="claims">Claims or attributes, <code>name=value</code>, one a line</label>
<textarea id="claims" name="claims" rows="3"></textarea>`;
  const body = html`<p>This stands in for <strong>${provider.name}</strong> (${provider.type}), which does not exist in the sandbox. It believes what you say.</p>
${alert(problem)}
<form method="post" action="/cdn-cgi/access/callback">
${hidden(nonce)}
<input type="hidden" name="provider" value="${provider.id}">
<label for="email">Who are you? (email address)</label>
<input id="email" name="email" type="email" maxlength="254" autocomplete="email" autofocus required>
<label for="groups">Groups you belong to, one a line (names or ids; <code>organisation/team</code> for GitHub)</label>
<textarea id="groups" name="groups" rows="3"></textarea>
${["oidc", "saml"].includes(provider.type) ? claims : ""}
${reportsMethods.includes(provider.type) ? factor : ""}
<button>Sign in</button>
</form>`;
  return page(status, { title: "The sandbox's identity provider", body });
}

/** Asks for the second factor of Access itself, which the sandbox takes on trust. */
export function secondFactorPage({ nonce, allowed }: { nonce: string; allowed: string[] }): EdgeResponse {
  const choices = allowed.map(
    (name) => html`<label><input type="radio" name="authenticator" value="${name}" required> ${name}</label>\n`,
  );
  const body = html`<p>Access asks for a second factor. The sandbox has no real one: choose what you would use.</p>
<form method="post" action="/cdn-cgi/access/second-factor">
${hidden(nonce)}
<fieldset>
<legend>Authenticator</legend>
${choices}</fieldset>
<button>Confirm</button>
</form>`;
  return page(200, { title: "Second factor", body });
}

export function purposePage({ nonce, prompt }: { nonce: string; prompt: string }): EdgeResponse {
  const body = html`<form method="post" action="/cdn-cgi/access/purpose">
${hidden(nonce)}
<label for="purpose">${prompt}</label>
<textarea id="purpose" name="purpose" rows="3" maxlength="1000" autofocus required></textarea>
<button>Submit</button>
</form>`;
  return page(200, { title: "Why do you need access?", body });
}

/** For people whom the policies turn away. */
export function deniedPage({ message, ray }: { message: string | undefined; ray: string }): EdgeResponse {
  const body = html`<p role="alert">${noAccess}</p>
${message ? html`<p>${message}</p>` : ""}
<p><a href="/cdn-cgi/access/logout">Use another account</a></p>
<p><small>Ray ID: ${ray}</small></p>`;
  return page(403, { title: "Forbidden", body });
}

/** A login that was not begun here, took too long or was used before. */
export function invalidLoginPage(status = 400, headers: HeaderList = []): EdgeResponse {
  const body = html`<p role="alert">This login is not valid any more, or was begun in another browser.</p>
<p>Go to the address of your application again.</p>`;
  return page(status, { title: "Invalid login session", body }, headers);
}

export function messagePage(status: number, title: string, text: string, headers: HeaderList = []): EdgeResponse {
  return page(status, { title, body: html`<p>${text}</p>` }, headers);
}
