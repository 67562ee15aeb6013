import { Form, Link, useFetcher } from "@remix-run/react";
import { useEffect } from "react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { paths } from "~/paths";
import { Button } from "~/ui/kit/button";
import { count } from "~/ui/kit/pagination";

type Draft = { id: string; name: string; version: number; changes: number };

/** What a person's draft would do, below the grid that is edited. */
export function DraftBar({ draft }: { draft: Draft }) {
  const { id, name, version, changes } = draft;
  const { load, data, state } = useFetcher<{ version: number; effects: ChangeEffects | null }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: an edit makes another version
  useEffect(() => load(paths.draftEffects(id)), [load, id, version]);
  const effects = data?.version === version ? data.effects : null;
  return (
    <section
      aria-label="Draft"
      className="sticky bottom-0 z-40 mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 rounded-card border border-line-strong bg-surface px-4 py-3 shadow-card"
    >
      <p className="min-w-0 text-sm wrap-anywhere" aria-live="polite" aria-busy={state !== "idle"}>
        <Link to={paths.draft(id)} className="font-medium text-ink hover:underline">
          {name}
        </Link>
        <span className="text-ink-muted">
          {" "}
          · {[`${count(changes)} ${changes === 1 ? "change" : "changes"}`, ...words(effects)].join(" · ")}
        </span>
      </p>
      <Form method="post" action={paths.draft(id)}>
        <Button variant="primary" name="intent" value="review">
          Review
        </Button>
      </Form>
    </section>
  );
}

function words(effects: ChangeEffects | null): string[] {
  if (!effects) return [];
  const { gains, loses, changes, isApproximate } = effects.impact;
  const about = isApproximate ? "about " : "";
  const parts: [number, string][] = [
    [gains, gains === 1 ? "gains" : "gain"],
    [loses, loses === 1 ? "loses" : "lose"],
    [changes, changes === 1 ? "gets another value" : "get another value"],
  ];
  const shown = parts.flatMap(([n, word]) => (n > 0 ? [`${about}${count(n)} ${word}`] : []));
  const over =
    effects.over && effects.over.tenants > 0
      ? [`${effects.over.isLowerBound ? "at least " : ""}${count(effects.over.tenants)} over the new limit`]
      : [];
  return shown.length + over.length > 0 ? [...shown, ...over] : ["no tenant notices"];
}
