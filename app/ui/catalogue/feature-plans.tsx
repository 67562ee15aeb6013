import type { PlanKind } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";

type Row = { key: string; name: string; kind: PlanKind; text: string | null; from: string | null };

/** Each plan's value of a feature, linked to its form. */
export function FeaturePlans({ feature, plans }: { feature: string; plans: readonly Row[] }) {
  if (plans.length === 0) {
    return (
      <p className="px-4 py-3 text-ink-muted text-sm">
        There are no plans yet. <TextLink to={paths.planNew()}>Create one</TextLink> to give it.
      </p>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {plans.map(({ key, name, kind, text, from }) => (
        <li key={key} className="flex min-h-11 items-center justify-between gap-3 px-4 py-1.5 text-sm">
          <TextLink to={paths.planCell(key, feature)} className="min-w-0 truncate" title={`Change what ${name} gives`}>
            {name}
          </TextLink>
          <span className="min-w-0 text-right leading-tight">
            <span className={text === null ? "text-ink-faint" : from === null ? "font-medium text-ink" : "text-ink-muted"}>
              {text ?? "not given"}
            </span>
            <span className="block text-ink-faint text-xs">{from !== null ? `from ${from}` : kind === "add_on" ? "add-on" : null}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
