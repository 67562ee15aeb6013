import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { Notice } from "~/ui/kit/notice";
import { EffectsOnTenants } from "./effects-on-tenants";
import { ImpactLink } from "./impact-form";

/** `impact`: where its tenants are named; null if that could not begin. */
export type Review = { token: string; effects: ChangeEffects; impact: string | null } | null;

/** The effects of a submitted form, shown before it is saved. The next submission confirms them. */
export function EffectReviewForm({ review, noun }: { review: Review; noun?: string }) {
  if (!review) return null;
  return (
    <div className="mt-2 mb-4">
      <input type="hidden" name="reviewed" value={review.token} />
      <Notice kind="warning" role="alert" className="mb-3" title="Nothing is saved yet">
        Saving has these effects on tenants. Save again to go ahead.
      </Notice>
      <EffectsOnTenants effects={review.effects} noun={noun}>
        {review.impact !== null && <ImpactLink id={review.impact} />}
      </EffectsOnTenants>
    </div>
  );
}
