import type { ChangeEffects } from "~/core/effect-words";
import { EffectsOnTenants } from "./effects-on-tenants";
import { Notice } from "./notice";

export type Review = { token: string; effects: ChangeEffects } | null;

/** The effects of a form that was sent, shown before it is saved. The next submission says that they were seen. */
export function EffectReview({ review }: { review: Review }) {
  if (!review) return null;
  return (
    <div className="mt-2 mb-4">
      <input type="hidden" name="reviewed" value={review.token} />
      <Notice kind="warning" role="alert" className="mb-3" title="Nothing is saved yet">
        Saving has these effects on tenants. Save again to go ahead.
      </Notice>
      <EffectsOnTenants effects={review.effects} noun="a feature" />
    </div>
  );
}
