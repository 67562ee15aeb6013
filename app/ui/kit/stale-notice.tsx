import type { Instant, Json } from "~/core/model";
import { Diff } from "./diff";
import { Notice } from "./notice";
import { Time } from "./time";

type Props = { theirs: { before: Json; after: Json; by: string | null; at: Instant | null } | null | undefined; now: Instant };

/** A concurrent change since this form was opened. Typed values stay below. */
export function StaleNotice({ theirs, now }: Props) {
  if (!theirs) return null;
  return (
    <Notice kind="warning" role="alert" className="mb-4" title={`${theirs.by ?? "Somebody"} changed this meanwhile`}>
      <p className="mb-2">
        {theirs.at !== null && (
          <>
            <Time at={theirs.at} now={now} />.{" "}
          </>
        )}
        What you entered is still below. Saving again replaces the values of the other change.
      </p>
      <Diff before={theirs.before} after={theirs.after} />
    </Notice>
  );
}
