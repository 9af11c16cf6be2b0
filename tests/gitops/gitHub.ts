import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

/** A refusal to give once instead of an answer. */
export interface Refusal {
  /** Begin of "METHOD path" that it is for. */
  to: string;
  status: number;
  message: string;
  headers?: Record<string, string>;
  /** Do what was asked all the same, and fail only then. */
  afterwards?: boolean;
}

interface Comment {
  id: number;
  issue: number;
  login: string;
  body: string;
}

interface Issue {
  number: number;
  title: string;
  login: string;
  body: string;
  state: string;
  state_reason?: string;
  pull_request?: object;
}

type Params = Record<"owner" | "repo" | "number" | "id", string>;

/** Characters that GitHub takes as the text of a comment or issue. */
const most = 65_536;
const hourly = 1000;

/** One repository on GitHub, acme/fleet, as far as comments and issues go: state, limits, pages and documented errors. */
export class GitHub {
  readonly comments: Comment[] = [];
  readonly issues: Issue[] = [];
  /** Every request, as "METHOD path". */
  readonly asked: string[] = [];
  /** What is refused, in this order; each is used up. */
  readonly refusals: Refusal[] = [];
  url = "";
  private readonly server: FastifyInstance = fastify();
  private count = 100;

  /** Tokens and their logins; "reader" may not write. */
  private readonly logins: Record<string, string> = {
    "token-of-the-workflow": "github-actions[bot]",
    "token-of-a-fork": "reader",
  };

  async start(): Promise<this> {
    const at = "/repos/acme/fleet/issues";
    this.server.addHook("onRequest", (request, reply, done) => this.refuse(request, reply, done));
    this.server.get(`${at}/:number/comments`, (request, reply) => {
      const { number } = request.params as Params;
      if (!this.issues.some((issue) => issue.number === Number(number))) return notFound(reply);
      return this.page(request, reply, this.comments.filter(({ issue }) => issue === Number(number)).map(commentJson));
    });
    this.server.post(`${at}/:number/comments`, (request, reply) => {
      const { body } = request.body as { body: string };
      const { number } = request.params as Params;
      if (!this.issues.some((issue) => issue.number === Number(number))) return notFound(reply);
      if (body.length > most) return tooLong(reply, "IssueComment");
      const comment = { id: ++this.count, issue: Number(number), login: this.login(request), body };
      this.comments.push(comment);
      return this.answer(reply, 201, commentJson(comment));
    });
    this.server.patch(`${at}/comments/:id`, (request, reply) => {
      const { body } = request.body as { body: string };
      const comment = this.comments.find(({ id }) => id === Number((request.params as Params).id));
      if (comment === undefined) return notFound(reply);
      if (body.length > most) return tooLong(reply, "IssueComment");
      comment.body = body;
      return commentJson(comment);
    });
    this.server.delete(`${at}/comments/:id`, (request, reply) => {
      const at = this.comments.findIndex(({ id }) => id === Number((request.params as Params).id));
      if (at < 0) return notFound(reply);
      this.comments.splice(at, 1);
      return reply.status(204).send();
    });
    this.server.get(at, (request, reply) => {
      const { state = "open", creator } = request.query as Record<string, string>;
      const found = this.issues.filter((issue) => issue.state === state && (!creator || issue.login === creator));
      return this.page(request, reply, found.map(issueJson).reverse());
    });
    this.server.post(at, (request, reply) => {
      const { title, body } = request.body as { title: string; body: string };
      if (body.length > most) return tooLong(reply, "Issue");
      const issue = { number: ++this.count, title, body, login: this.login(request), state: "open" };
      this.issues.push(issue);
      return this.answer(reply, 201, issueJson(issue));
    });
    this.server.patch(`${at}/:number`, (request, reply) => {
      const issue = this.issues.find(({ number }) => number === Number((request.params as Params).number));
      if (issue === undefined) return notFound(reply);
      Object.assign(issue, request.body);
      return issueJson(issue);
    });
    this.server.setNotFoundHandler((_request, reply) => notFound(reply));
    this.url = await this.server.listen({ host: "127.0.0.1", port: 0 });
    return this;
  }

  stop(): Promise<void> {
    return this.server.close();
  }

  /** Opens a pull request, and gives its number. */
  pull(): number {
    const number = ++this.count;
    this.issues.push({ number, title: "change", login: "ana", body: "", state: "open", pull_request: {} });
    return number;
  }

  /** Writes a comment as somebody. */
  says(login: string, issue: number, body: string): number {
    this.comments.push({ id: ++this.count, issue, login, body });
    return this.count;
  }

  private refuse(request: FastifyRequest, reply: FastifyReply, done: () => void): unknown {
    const line = `${request.method} ${request.url.split("?")[0]}`;
    this.asked.push(line);
    reply.headers({ "x-ratelimit-limit": String(hourly), "x-ratelimit-remaining": String(hourly - this.asked.length) });
    const login = this.login(request);
    if (login === "") return reply.status(401).send({ message: "Bad credentials", status: "401" });
    const next = this.refusals[0];
    if (next !== undefined && line.startsWith(next.to) && !next.afterwards) {
      this.refusals.shift();
      return reply
        .status(next.status)
        .headers(next.headers ?? {})
        .send({ message: next.message });
    }
    if (login === "reader" && request.method !== "GET") {
      return reply.status(403).send({ message: "Resource not accessible by integration", status: "403" });
    }
    return done();
  }

  /** The answer, or the refusal that comes after the deed. */
  private answer(reply: FastifyReply, status: number, body: object): unknown {
    const next = this.refusals[0];
    if (!next?.afterwards) return reply.status(status).send(body);
    this.refusals.shift();
    return reply.status(next.status).send({ message: next.message });
  }

  private login(request: FastifyRequest): string {
    return this.logins[(request.headers.authorization ?? "").replace(/^(token|Bearer) /i, "")] ?? "";
  }

  /** One page, and where the next one is. */
  private page(request: FastifyRequest, reply: FastifyReply, all: object[]): unknown {
    const query = request.query as Record<string, string>;
    const [size, page] = [Math.min(Number(query.per_page ?? 30), 100), Number(query.page ?? 1)];
    if (page * size < all.length) {
      const next = new URL(request.url, this.url);
      next.searchParams.set("page", String(page + 1));
      reply.header("link", `<${next}>; rel="next"`);
    }
    return reply.send(all.slice((page - 1) * size, page * size));
  }
}

function commentJson({ id, issue, login, body }: Comment): object {
  const html_url = `https://github.com/acme/fleet/pull/${issue}#issuecomment-${id}`;
  return { id, html_url, body, user: { login } };
}

function issueJson({ login, ...issue }: Issue): object {
  return { ...issue, user: { login }, html_url: `https://github.com/acme/fleet/issues/${issue.number}` };
}

function notFound(reply: FastifyReply): unknown {
  return reply.status(404).send({ message: "Not Found", status: "404" });
}

function tooLong(reply: FastifyReply, resource: string): unknown {
  const message = `Body is too long (maximum is ${most} characters)`;
  const errors = [{ resource, code: "unprocessable", field: "data", message }];
  return reply.status(422).send({ message: "Validation Failed", errors, status: "422" });
}
