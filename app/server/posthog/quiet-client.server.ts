import { setTimeout as sleep } from "node:timers/promises";
import { PostHog, type PostHogOptions } from "posthog-node";

const ignore = () => {};

/**
 * What the SDK could not send it tells as "error", and writes to the console besides whenever nobody called `flush` himself.
 * Here nothing passes the log by.
 */
export class QuietPostHog extends PostHog {
  /** `cutOff` ends requests for events that are under way. */
  constructor(
    projectKey: string,
    options: PostHogOptions,
    private readonly cutOff: AbortController,
  ) {
    super(projectKey, options);
  }

  protected override flushAutomatic(): Promise<void> {
    return super.flushAutomatic().catch(ignore);
  }

  /** Whoever ends the client waits for all of these, and would meet what was told as "error" already. */
  override addPendingPromise<T>(promise: Promise<T>): Promise<T> {
    void super.addPendingPromise(promise.catch(ignore));
    return promise;
  }

  override flush(): Promise<void> {
    const flushed = super.flush();
    return this.isEnding ? flushed.catch(ignore) : flushed;
  }
  private isEnding = false;

  /** The SDK would wait for requests under way with what is left of the time, and complain about each that fails then. */
  override async _shutdown(patience = 30_000): Promise<void> {
    this.isEnding = true;
    const flushed = this.flush();
    const inTime = new AbortController();
    await Promise.race([flushed, sleep(patience, undefined, { signal: inTime.signal }).catch(ignore)]);
    inTime.abort();
    this.cutOff.abort();
    await flushed;
    return super._shutdown(patience);
  }
}
