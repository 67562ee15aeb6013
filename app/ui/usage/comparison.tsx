import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import type { LineDrawing } from "~/core/charts/drawings";
import type { AnswerCell } from "~/core/decision/answer-cell";
import type { AnswerDifference } from "~/core/decision/comparison";
import { listWords, shorten } from "~/core/text";
import { demandDays } from "~/forms/usage/usage-ranges";
import { paths } from "~/paths";
import { AnswerMark } from "~/ui/kit/answer-cell";
import { TextLink } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { LineChart } from "~/ui/kit/line-chart";
import { Notice } from "~/ui/kit/notice";
import { count, Pagination } from "~/ui/kit/pagination";
import { StatusPill } from "~/ui/kit/status";
import { ComparedCell, type ComparedColumn, ComparedRow, ComparedTable } from "./compared-table";
import { RangePicker } from "./range-picker";
import { type SharedUse, UseBar } from "./use-bar";

export type ShownComparison = {
  tenants: readonly ComparedColumn[];
  features: { all: number; different: number };
  rows: readonly { key: string; name: string; difference: AnswerDifference; cells: readonly AnswerCell[] }[];
  total: number;
  page: number;
  pageSize: number;
  uses: readonly { key: string; name: string; most: string; cells: readonly SharedUse[] }[];
  moreUses: number;
  checks: { days: readonly string[]; series: readonly (readonly number[])[]; drawing: LineDrawing };
};

type Props = { comparison: ShownComparison; keys: readonly string[]; days: number; show: string };

/** Plan, status and totals of each tenant. */
export function TenantSummary({ comparison: { tenants, features }, keys, days, show }: Props) {
  const rows: [string, (tenant: ComparedColumn) => string | number, ((tenant: ComparedColumn) => ReactNode)?][] = [
    ["Plan", ({ plan }) => plan ?? "No plan"],
    ["Add-ons", ({ addOns }) => addOns.join(", ") || "None"],
    ["Status", ({ status }) => status, ({ status }) => <StatusPill status={status} />],
    [`Features of ${count(features.all)}`, ({ entitled }) => count(entitled)],
    [`Checks in ${days} days`, ({ checks }) => count(checks)],
    [`In the ${days} days before`, ({ previous }) => count(previous)],
    ["Refused checks", ({ refused }) => count(refused)],
  ];
  const inactive = tenants.filter(({ status }) => status !== "active");
  return (
    <Section
      title="Tenants"
      flush
      actions={<RangePicker days={days} choices={demandDays} to={(choice) => paths.compare(keys, { days: choice, show })} />}
    >
      {inactive.length > 0 && (
        <Notice kind="warning" className="m-3">
          {`${listWords(inactive.map(({ name, status }) => `${shorten(name, 60)} is ${status}`))}. Compared is what it would have if it were active.`}
        </Notice>
      )}
      <ComparedTable tenants={tenants} caption="Plan, status and totals of each tenant">
        {rows.map(([head, text, cell]) => {
          const differs = new Set(tenants.map(text)).size > 1;
          return (
            <ComparedRow key={head} head={head} differs={differs}>
              {tenants.map((tenant) => (
                <ComparedCell key={tenant.key} differs={differs}>
                  {cell ? cell(tenant) : text(tenant)}
                </ComparedCell>
              ))}
            </ComparedRow>
          );
        })}
      </ComparedTable>
    </Section>
  );
}

/** Features that differ, or all of them. */
export function ComparedFeaturesSection({ comparison, keys, days, show }: Props) {
  const { tenants, features, rows, total, page, pageSize } = comparison;
  const equal = features.all - features.different;
  const toggle = (to: string, text: string) => (
    <TextLink to={paths.compare(keys, { days, show: to === "all" ? to : null })} preventScrollReset>
      {text}
    </TextLink>
  );
  return (
    <Section
      title="Features"
      flush
      description={
        <>
          {features.different === 1 ? "1 feature differs" : `${count(features.different)} features differ`}
          {", "}
          {equal === 1 ? "1 is equal. " : `${count(equal)} are equal. `}
          {show === "all" ? toggle("differences", "Show differences only") : equal > 0 && toggle("all", "Show equal ones too")}
        </>
      }
    >
      {rows.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">
          {features.all === 0 ? "There are no features yet." : `These tenants have the same of all ${count(features.all)} features.`}
        </p>
      ) : (
        <ComparedTable tenants={tenants} caption="Features of each tenant, those that differ first">
          {rows.map(({ key, name, difference, cells }) => (
            <ComparedRow
              key={key}
              head={
                <>
                  <FeatureLink featureKey={key} name={name} />
                  {difference === "source" && <span className="block text-ink-faint text-xs">Same, from another source</span>}
                  {show === "all" && difference === "none" && <span className="block text-ink-faint text-xs">Equal</span>}
                </>
              }
            >
              {cells.map((cell, i) => (
                <ComparedCell key={tenants[i]?.key}>
                  <AnswerMark cell={cell} />
                </ComparedCell>
              ))}
            </ComparedRow>
          ))}
        </ComparedTable>
      )}
      <Pagination page={page} pageSize={pageSize} total={total} noun="features" label="Pages of features" />
    </Section>
  );
}

/** Bars of used and limit, each feature on one scale. */
export function ComparedUseSection({ comparison: { tenants, uses, moreUses } }: Pick<Props, "comparison">) {
  return (
    <Section
      title="Use of limits"
      flush
      description="In each tenant's current period. The bars of a row have one scale; the mark is the limit."
    >
      {uses.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">None of them used a metered feature in its current period.</p>
      ) : (
        <ComparedTable tenants={tenants} caption="Use of metered features in the current period">
          {uses.map(({ key, name, most, cells }) => (
            <ComparedRow
              key={key}
              head={
                <>
                  <FeatureLink featureKey={key} name={name} />
                  <span className="block text-ink-faint text-xs">{`0 to ${most}`}</span>
                </>
              }
            >
              {cells.map((cell, i) => (
                <ComparedCell key={tenants[i]?.key}>
                  <UseBar use={cell} />
                </ComparedCell>
              ))}
            </ComparedRow>
          ))}
        </ComparedTable>
      )}
      {moreUses > 0 && (
        <p className="border-line border-t px-4 py-2.5 text-ink-muted text-xs">
          {moreUses === 1
            ? "1 more metered feature, whose limits are less full, is not shown."
            : `${count(moreUses)} more metered features, whose limits are less full, are not shown.`}
        </p>
      )}
    </Section>
  );
}

/** Checks by day, all tenants on one scale. */
export function ComparedChecksSection({ comparison: { tenants, checks }, days }: Pick<Props, "comparison" | "days">) {
  const series = tenants.map(({ name }, i) => ({ name, values: checks.series[i] ?? [] }));
  return (
    <Card>
      <LineChart drawing={checks.drawing} days={checks.days} series={series} caption={`Checks in the last ${days} days, by day in UTC`} />
    </Card>
  );
}

const FeatureLink = ({ featureKey, name }: { featureKey: string; name: string }) => (
  <Link
    to={paths.feature(featureKey)}
    title={`${name} (${featureKey})`}
    className="block truncate rounded-sm text-ink hover:text-accent hover:underline"
  >
    {name}
  </Link>
);
