import { PostHog, type PostHogOptions } from "posthog-node";
import { waitAtMost } from "~db/wait-at-most";

const ignore = () => {};

/**
 * The SDK reports unsent events as "error" and also prints them to the console unless `flush` was called. Here they go
 * to the log only.
 */
export class QuietPostHog extends PostHog {
  /** `cutOff` aborts event requests in flight. */
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

  /** Shutdown awaits all pending promises and would report errors that were already logged. */
  override addPendingPromise<T>(promise: Promise<T>): Promise<T> {
    void super.addPendingPromise(promise.catch(ignore));
    return promise;
  }

  override flush(): Promise<void> {
    const flushed = super.flush();
    return this.isEnding ? flushed.catch(ignore) : flushed;
  }
  private isEnding = false;

  /** The SDK would spend the remaining time on requests in flight and report each one that fails. */
  override async _shutdown(timeoutMs = 30_000): Promise<void> {
    this.isEnding = true;
    const flushed = this.flush();
    await waitAtMost(flushed, timeoutMs);
    this.cutOff.abort();
    await flushed;
    return super._shutdown(timeoutMs);
  }
}
