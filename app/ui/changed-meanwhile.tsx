import type { Json } from "~/core/model";
import { Diff } from "./diff";
import { Notice } from "./notice";

/** Two people edited the same thing: what is there now beside what the second one entered, which stays in the form. */
export function ChangedMeanwhile({ name, now, entered }: { name: string; now: Json; entered: Json }) {
  return (
    <div className="mb-4">
      <Notice kind="warning" role="alert" title={`${name} was changed while you were editing`} className="mb-2">
        Nothing of yours was saved or lost. Below stands what it is now (−) and what you entered (+): save again to replace it.
      </Notice>
      <Diff before={now} after={entered} />
    </div>
  );
}
