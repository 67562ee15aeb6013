import { utcDate } from "~/core/time";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";

type SourceRow = { source: string; allowed: boolean; count: number };
type TrialRow = { id: string; feature: string; name: string; from: string; to: string; checks: number; added: number | null };

const sourceWords: { [source: string]: string } = {
  plan: "Plan",
  add_on: "Add-on",
  trial: "Trial",
  override: "Override",
  flag: "PostHog flag",
  none: "No source",
};

const sourceColumns: Column<SourceRow>[] = [
  { id: "source", header: "Source", primary: true, cell: (row) => sourceWords[row.source] ?? row.source },
  { id: "outcome", header: "Outcome", cell: (row) => (row.allowed ? "Allowed" : "Refused") },
  { id: "count", header: "Checks", align: "right", cell: (row) => count(row.count) },
];

const trialColumns: Column<TrialRow>[] = [
  {
    id: "feature",
    header: "Trial of",
    primary: true,
    cell: (row) => <NameCell to={paths.feature(row.feature)} name={row.name} detail={row.feature} />,
  },
  {
    id: "days",
    header: "Days",
    cell: (row) => (
      <span className="text-ink-muted">{row.from === row.to ? utcDate(row.from) : `${utcDate(row.from)} to ${utcDate(row.to)}`}</span>
    ),
  },
  {
    id: "checks",
    header: "Checks",
    align: "right",
    cell: (row) => (row.checks === 0 ? <span className="text-warn">none</span> : count(row.checks)),
  },
  { id: "added", header: "Used", align: "right", cell: (row) => (row.added === null ? null : count(row.added)) },
];

/** Checks by source and outcome, and use during trials. */
export function UsageDetails({ sources, trials }: { sources: readonly SourceRow[]; trials: readonly TrialRow[] }) {
  return (
    <>
      {sources.length > 0 && (
        <Section
          title="By source and outcome"
          flush
          description="What decided each check. A refusal by a plan, add-on or trial is a reached limit."
        >
          <DataTable
            rows={sources}
            columns={sourceColumns}
            rowKey={(row) => `${row.source} ${row.allowed}`}
            caption="Checks by source and outcome"
            empty={null}
          />
        </Section>
      )}
      {trials.length > 0 && (
        <Section title="During trials" flush description="Checks and use of the feature on the UTC days of each trial, the newest first.">
          <DataTable rows={trials} columns={trialColumns} rowKey={(row) => row.id} caption="Use during trials" empty={null} />
        </Section>
      )}
    </>
  );
}

/** Features of the plan that no check named. */
export function FeaturesNotAsked({
  features,
  more,
  days,
}: {
  features: readonly { key: string; name: string }[];
  more: number;
  days: number;
}) {
  if (features.length === 0) return null;
  return (
    <Section
      title="Not asked for"
      description={`Features of the plan and add-ons that no check named in the last ${days} days. A check of all features at once names none.`}
    >
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {features.map(({ key, name }) => (
          <li key={key} className="min-w-0 max-w-full truncate">
            <TextLink to={paths.feature(key)}>{name}</TextLink>
          </li>
        ))}
        {more > 0 && <li className="text-ink-muted">{`and ${count(more)} more`}</li>}
      </ul>
    </Section>
  );
}
