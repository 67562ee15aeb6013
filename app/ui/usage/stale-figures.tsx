import type { Instant } from "~/core/model";
import { Notice } from "~/ui/kit/notice";
import { Time } from "~/ui/kit/time";

/** Says how old figures are, if they are over a minute old. `since`: when they were complete; 0: never; null: they are. */
export function StaleFigures({ since, now }: { since: Instant | null; now: Instant }) {
  if (since === null) return null;
  return (
    <Notice kind="info" role="status" className="mb-4 print:hidden">
      {since === 0 ? (
        "These figures are being computed for the first time. They grow until that is done."
      ) : (
        <>
          These figures are from <Time at={since} now={now} show="both" />. Newer checks and changes are being added.
        </>
      )}
    </Notice>
  );
}
