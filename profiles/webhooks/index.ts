import type { Webhook } from "./webhook";

export type { Webhook } from "./webhook";

const json = "application/json";
const form = "application/x-www-form-urlencoded";

/** The services that Creel knows, by the name under which a fleet asks for them. A new one is an entry here. */
export const webhooks = {
  /** Events are JSON; slash commands and what people click are forms (https://docs.slack.dev). */
  slack: {
    path: "/slack/events",
    ports: {},
    methods: ["POST"],
    contentTypes: [json, form],
    secret: "SLACK_SIGNING_SECRET",
    signature: "x-slack-signature",
  },
  /** The header repeats the secret that setWebhook was given (https://core.telegram.org/bots/api#setwebhook). */
  telegram: {
    path: "/telegram-webhook",
    ports: { openclaw: 8787 },
    methods: ["POST"],
    contentTypes: [json],
    secret: "TELEGRAM_WEBHOOK_SECRET",
    signature: "x-telegram-bot-api-secret-token",
  },
  /** A form where the hook's content type was left at what GitHub proposes (https://docs.github.com/webhooks). */
  github: {
    path: "/hooks/github",
    ports: {},
    methods: ["POST"],
    contentTypes: [json, form],
    secret: "GITHUB_WEBHOOK_SECRET",
    signature: "x-hub-signature-256",
  },
  /** Signed with a key whose public half is all that the agent has; Discord tries wrong signatures from time to time. */
  discord: {
    path: "/discord/interactions",
    ports: {},
    methods: ["POST"],
    contentTypes: [json],
    secret: "DISCORD_PUBLIC_KEY",
    signature: "x-signature-ed25519",
  },
  stripe: {
    path: "/stripe/webhook",
    ports: {},
    methods: ["POST"],
    contentTypes: [json],
    secret: "STRIPE_WEBHOOK_SECRET",
    signature: "stripe-signature",
  },
  /** A token signed by Google. */
  googlechat: {
    path: "/googlechat",
    ports: {},
    methods: ["POST"],
    contentTypes: [json],
    secret: "GOOGLE_CHAT_SERVICE_ACCOUNT",
    signature: "authorization",
  },
  /** A token signed by the Bot Framework. */
  teams: {
    path: "/api/messages",
    ports: { openclaw: 3978 },
    methods: ["POST"],
    contentTypes: [json],
    secret: "MSTEAMS_APP_PASSWORD",
    signature: "authorization",
  },
  /** Messages; the signature covers the address, so the agent has to know its public one. */
  twilio: {
    path: "/webhooks/sms",
    ports: {},
    methods: ["POST"],
    contentTypes: [form],
    secret: "TWILIO_AUTH_TOKEN",
    signature: "x-twilio-signature",
  },
} satisfies Record<string, Webhook>;
