import type { Instant } from "~/core/model";
import { Time } from "~/ui/kit/time";

/** Says how old computed figures are if they are older than a minute. */
export function ComputedNotice({ computedAt, isOld, now }: { computedAt: Instant | null; isOld: boolean; now: Instant }) {
  if (!isOld) return null;
  return (
    <p className="mt-2 text-ink-muted text-xs">
      {computedAt === null ? (
        "Outcomes are not computed yet. They will be within a minute or two; large installations take longer the first time."
      ) : (
        <>
          Outcomes were computed <Time at={computedAt} now={now} />.
        </>
      )}
    </p>
  );
}
