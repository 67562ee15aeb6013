import { Form, Link } from "@remix-run/react";
import { useEffect, useState } from "react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { paths } from "~/paths";
import { Button } from "~/ui/kit/button";
import { count } from "~/ui/kit/pagination";

type Effects = { version: number; effects: ChangeEffects | null };
type Draft = { id: string; name: string; version: number; changes: number };

/** What a person's draft would do, below the grid that is edited. */
export function DraftBar({ draft }: { draft: Draft }) {
  const { id, name, version, changes } = draft;
  const [data, setData] = useState<Effects | null>(null);
  // Not with a fetcher: an edit that ends while the route is still unknown to the browser would make the page a 404.
  useEffect(() => {
    const controller = new AbortController();
    readEffects(id, controller.signal).then(
      (found) => setData(found ?? { version, effects: null }),
      () => {},
    );
    return () => controller.abort();
  }, [id, version]);
  const effects = data?.version === version ? data.effects : null;
  return (
    <section
      aria-label="Draft"
      className="sticky bottom-0 z-40 mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 rounded-card border border-line-strong bg-surface px-4 py-3 shadow-card"
    >
      <p className="min-w-0 text-sm wrap-anywhere" aria-live="polite" aria-busy={data?.version !== version}>
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

/** Null if they cannot be read: the bar then says how many changes there are, and no more. */
async function readEffects(id: string, signal: AbortSignal): Promise<Effects | null> {
  const answer = await fetch(paths.draftEffects(id), { signal, headers: { accept: "application/json" } });
  return answer.ok ? answer.json() : null;
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
