import { Link } from "@remix-run/react";
import type { PlanKind } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count, Pagination } from "~/ui/kit/pagination";

type Row = { key: string; name: string; kind: PlanKind; text: string | null; from: string | null };
type Props = {
  feature: string;
  plans: {
    rows: readonly Row[];
    giving: number;
    total: number;
    shown: number;
    page: number;
    plansPerPage: number;
    canShowAll: boolean;
  };
  /** All plans were asked for. */
  all: boolean;
};

/** A feature's row over the plans, each linked to its cell. */
export function FeaturePlans({ feature, plans, all }: Props) {
  const { rows, giving, total, shown, page, plansPerPage, canShowAll } = plans;
  return (
    <Section
      id="plans"
      title="In plans"
      description={giving > 0 && `Given by ${count(giving)} of ${count(total)} ${total === 1 ? "plan or add-on" : "plans and add-ons"}.`}
      actions={
        canShowAll && (
          <TextLink to={paths.feature(feature, { plans: all ? null : "all" })} preventScrollReset>
            {all ? "Only those that give it" : `Show all ${count(total)}`}
          </TextLink>
        )
      }
      flush
    >
      {total === 0 ? (
        <p className="px-4 py-3 text-ink-muted text-sm">
          There are no plans yet. <TextLink to={paths.planNew()}>Create one</TextLink> to give it.
        </p>
      ) : rows.length === 0 ? (
        <p className="px-4 py-3 text-ink-muted text-sm">No plan or add-on gives it.</p>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map(({ key, name, kind, text, from }) => (
            <li key={key} className="flex min-h-10 items-center justify-between gap-3 px-4 py-1.5 text-sm">
              <span className="flex min-w-0 items-baseline gap-2">
                <TextLink to={paths.plan(key)} className="min-w-0 truncate" title={name}>
                  {name}
                </TextLink>
                {kind === "add_on" && <span className="shrink-0 text-ink-faint text-xs">add-on</span>}
              </span>
              <Link
                to={paths.planCell(key, feature)}
                title={`What ${name} gives`}
                className="group min-w-0 rounded-sm text-right leading-tight"
              >
                <span
                  className={
                    text === null ? "text-ink-faint" : from === null ? "font-medium text-ink group-hover:underline" : "text-ink-muted"
                  }
                >
                  {text ?? "–"}
                  {text === null && <span className="sr-only">not included</span>}
                </span>
                {from !== null && <span className="block text-ink-faint text-xs">from {from}</span>}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {shown > plansPerPage && <Pagination page={page} pageSize={plansPerPage} total={shown} noun="plans" label="Pages of plans" />}
      {!all && giving > rows.length && (
        <p className="border-line border-t px-4 py-2 text-ink-muted text-xs">{`${count(giving - rows.length)} more ${giving - rows.length === 1 ? "gives" : "give"} it.`}</p>
      )}
    </Section>
  );
}
