import { useFetcher } from "@remix-run/react";
import { useEffect, useRef } from "react";
import type { RailVerdict } from "~/core/rails/guard-rails";
import { paths } from "~/paths";
import { Button } from "~/ui/kit/button";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { Select, TextInput } from "~/ui/kit/inputs";
import { useHydrated } from "~/ui/kit/use-hydrated";
import { RailVerdictLine } from "~/ui/rails/rail-notice";

export type BundlePreviewData =
  | { problem: string }
  | { problem: null; sentence: string; gets: string; leftOut: string[]; verdict: RailVerdict | null };

/** What the address of a preview says, as typed. */
export type BundleQueryInput = { plan: string; length: string; startsAt: string; endsAt: string; zone: string } & {
  whenItEnds?: string;
  planAfter?: string;
};

type Props = {
  tenant: string;
  /** Null if there are too many to list. */
  plans: readonly { key: string; name: string }[] | null;
  field: FieldMeta & { initialValue?: string };
  /** What is entered now. Null if the form is not about a plan. */
  query: BundleQueryInput | null;
  /** The preview of what was entered at first, or null. */
  first: BundlePreviewData | null;
};

/** Delay after the last change before the server is asked, in ms. */
const pause = 200;

/** Selects a plan, as `plan`, and shows what a grant of all that it gives would do. */
export function BundleFields({ tenant, plans, field, query, first }: Props) {
  const hydrated = useHydrated();
  const preview = useBundlePreview(tenant, query, first);
  return (
    <>
      <Field label="Plan" field={field} hint="The tenant gets what the plan gives now and it does not have yet, as one trial.">
        {plans === null ? (
          <TextInput defaultValue={field.initialValue} placeholder="Key of a plan or an add-on" maxLength={100} autoComplete="off" />
        ) : (
          <Select
            defaultValue={field.initialValue ?? ""}
            options={[["", "Choose a plan"], ...plans.map(({ key, name }) => [key, name] as const)]}
          />
        )}
      </Field>
      {!hydrated && (
        <noscript>
          <Button formMethod="get" formNoValidate className="mb-3">
            Show what it gives
          </Button>
        </noscript>
      )}
      <div role="status" className="mb-4 min-h-16 text-ink-muted text-sm wrap-anywhere">
        {preview && <Preview preview={preview} />}
      </div>
    </>
  );
}

function Preview({ preview }: { preview: BundlePreviewData }) {
  if (preview.problem !== null) return <p className="text-no">{preview.problem}</p>;
  const { sentence, gets, leftOut, verdict } = preview;
  return (
    <>
      <p className="font-medium text-ink">{sentence}</p>
      {[gets, ...leftOut].map((line) => (
        <p key={line}>{line}</p>
      ))}
      {verdict && <RailVerdictLine verdict={verdict} />}
    </>
  );
}

function useBundlePreview(tenant: string, query: BundleQueryInput | null, first: BundlePreviewData | null): BundlePreviewData | null {
  const { load, data } = useFetcher<{ bundle: BundlePreviewData | null }>();
  const address = query && query.plan !== "" ? paths.trialOfPlan(tenant, query) : null;
  const shown = useRef(first === null ? null : address);
  useEffect(() => {
    if (address === null || address === shown.current) return;
    shown.current = null;
    const timer = setTimeout(() => load(address), pause);
    return () => clearTimeout(timer);
  }, [load, address]);
  if (address === null) return null;
  return address === shown.current ? first : (data?.bundle ?? null);
}
