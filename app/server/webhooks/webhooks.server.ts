import { createHookFeed } from "./hook-feed.server";
import { createWebhookSender } from "./webhook-sender.server";

type Parts = Parameters<typeof createHookFeed>[0] & Parameters<typeof createWebhookSender>[0];

/** Events and notices, and their way to addresses outside. Runs in the worker process if there is one. */
export function createWebhooks(parts: Parts) {
  const feed = createHookFeed(parts);
  const sender = createWebhookSender(parts);
  return {
    feed,
    sender,
    start(): void {
      feed.start();
      sender.start();
    },
    async stop(): Promise<void> {
      await Promise.all([feed.stop(), sender.stop()]);
    },
  };
}
export type Webhooks = ReturnType<typeof createWebhooks>;
