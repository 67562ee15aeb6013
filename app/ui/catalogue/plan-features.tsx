import { Link, useSearchParams } from "@remix-run/react";
import { ChevronRight } from "lucide-react";
import type { GroupSections } from "~/core/catalogue/group-sections";
import type { DifferenceCounts, FeatureDifference } from "~/core/catalogue/plan-difference";
import { listWords } from "~/core/text";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count, Pagination } from "~/ui/kit/pagination";

type Props = {
  plan: { key: string; name: string };
  features: GroupSections<FeatureDifference> & { below: { key: string; name: string } | null; counts: DifferenceCounts; given: number };
  /** Everything that the plan gives, not only what it adds. */
  all: boolean;
  /** The group whose rows are shown; null: none was chosen. */
  group: string | null;
};

const groupWords = (group: string | null) => group || "Other features";

/** What a plan adds to the plan below it, or all that it gives, by group. */
export function PlanFeatures({ plan, features, all, group }: Props) {
  const { below, counts, given, sections, isClosed, total, page, pageSize } = features;
  const [params] = useSearchParams();
  const withGroup = (name: string | null) => {
    const next = new URLSearchParams(params);
    next.delete("page");
    if (name === null) next.delete("group");
    else next.set("group", name);
    return `?${next}`;
  };
  return (
    <Section
      title={<span className="wrap-anywhere">{all || below === null ? "Features" : `What it adds to ${below.name}`}</span>}
      description={
        <span className="wrap-anywhere">
          {all || below === null ? `${count(given)} ${given === 1 ? "feature" : "features"}.` : differenceWords(counts, below.name)}
        </span>
      }
      actions={
        below !== null && (
          <TextLink to={paths.plan(plan.key, { show: all ? null : "all" })} preventScrollReset className="wrap-anywhere">
            {all ? `What it adds to ${below.name}` : `All ${count(given)} features`}
          </TextLink>
        )
      }
      flush
    >
      {group !== null && (
        <p className="flex items-center justify-between gap-3 border-line border-b px-4 py-2 text-sm">
          <span className="min-w-0 truncate font-medium text-ink">{groupWords(group)}</span>
          <TextLink to={withGroup(null)} preventScrollReset className="shrink-0">
            All groups
          </TextLink>
        </p>
      )}
      {sections.length === 0 && (
        <p className="px-4 py-5 text-ink-muted text-sm">
          {group !== null
            ? "No feature of this group is in the list."
            : all || below === null
              ? "It gives no feature yet. Add some in the grid."
              : `It gives the same as ${below.name}.`}
        </p>
      )}
      {isClosed ? (
        <ul className="divide-y divide-line">
          {sections.map((section) => (
            <li key={section.group ?? ""}>
              <Link
                to={withGroup(section.group ?? "")}
                preventScrollReset
                className="flex min-h-10 items-center gap-3 px-4 py-1.5 text-sm hover:bg-sunken/50"
              >
                <span className="min-w-0 flex-1 truncate text-ink">{groupWords(section.group)}</span>
                <span className="shrink-0 text-ink-muted">
                  {count(section.total)} {section.total === 1 ? "feature" : "features"}
                </span>
                <ChevronRight className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        sections.map((section) => (
          <div key={section.group ?? ""} className="not-first:border-line not-first:border-t">
            {group === null && (
              <h3 className="truncate bg-sunken/50 px-4 py-1.5 font-medium text-ink-muted text-xs">{groupWords(section.group)}</h3>
            )}
            <ul className="divide-y divide-line">
              {section.rows?.map((row) => (
                <FeatureLine key={row.key} row={row} plan={plan} isDifference={!all && below !== null} />
              ))}
            </ul>
          </div>
        ))
      )}
      {total > pageSize && <Pagination page={page} pageSize={pageSize} total={total} noun={isClosed ? "groups" : "features"} />}
    </Section>
  );
}

function FeatureLine({ row, plan, isDifference }: { row: FeatureDifference; plan: { key: string; name: string }; isDifference: boolean }) {
  const { key, name, gives, otherGives, from, kind } = row;
  return (
    <li className="flex min-h-10 items-center justify-between gap-3 px-4 py-1.5 text-sm">
      <TextLink to={paths.feature(key)} className="min-w-0 truncate" title={name}>
        {name}
      </TextLink>
      <Link
        to={paths.planCell(plan.key, key)}
        title={`What ${plan.name} gives`}
        className="group min-w-0 rounded-sm text-right leading-tight"
      >
        {isDifference && kind === "changes" && <span className="text-ink-muted">{otherGives} → </span>}
        <span className={gives === null ? "text-ink-muted" : "font-medium text-ink group-hover:underline"}>
          {gives ?? `not included, ${otherGives} there`}
        </span>
        {!isDifference && from !== null && <span className="block text-ink-faint text-xs">from {from}</span>}
      </Link>
    </li>
  );
}

/** "Adds 12 features, changes 3 and lacks 1 that Free has." */
export function differenceWords({ adds, changes, lacks }: DifferenceCounts, other: string): string {
  const features = (n: number) => `${count(n)} ${n === 1 ? "feature" : "features"}`;
  const parts = [
    ...(adds > 0 ? [`adds ${features(adds)}`] : []),
    ...(changes > 0 ? [`changes ${features(changes)}`] : []),
    ...(lacks > 0 ? [`lacks ${features(lacks)} that ${other} has`] : []),
  ];
  if (parts.length === 0) return `The same as ${other}.`;
  const text = listWords(parts);
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
