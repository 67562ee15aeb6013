import { Form } from "@remix-run/react";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { Button, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { Diff } from "~/ui/kit/diff";
import { count } from "~/ui/kit/pagination";

type Row = { key: string } & ({ kind: "missing" | "unknown" } | { kind: "different"; ours: GroupProperties; theirs: GroupProperties });

const words = {
  missing: { tone: "no", label: "Missing in PostHog" },
  unknown: { tone: "neutral", label: "Unknown here" },
  different: { tone: "warn", label: "Different" },
} as const;

/** Each difference with PostHog's value (−) and the expected one (+). Those that can be corrected are selectable. */
export function DriftRows({ rows, found, job, canChange }: { rows: Row[]; found: number; job: string; canChange: boolean }) {
  const canBeSent = rows.some((row) => row.kind !== "unknown");
  return (
    <Form method="post" action={`${paths.posthog()}?index`}>
      <Section
        title="Differences"
        description={
          <>
            {found > rows.length && (
              <>
                The first {count(rows.length)} of <TextLink to={paths.job(job, { state: "failed" })}>all {count(found)}</TextLink>.{" "}
              </>
            )}
            − is what PostHog says, + is what it should say.
          </>
        }
        flush
        actions={
          canChange &&
          canBeSent && (
            <Button name="what" value="chosen" size="sm">
              Resync the chosen
            </Button>
          )
        }
      >
        <ul className="divide-y divide-line">
          {rows.map((row) => (
            <li key={`${row.kind} ${row.key}`} className="px-4 py-3">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-sm">
                {canChange && row.kind !== "unknown" && (
                  <input type="checkbox" name="tenant" value={row.key} aria-label={`Choose ${row.key}`} className="size-4 shrink-0" />
                )}
                {row.kind === "unknown" ? <Code>{row.key}</Code> : <TextLink to={paths.tenantPosthog(row.key)}>{row.key}</TextLink>}
                <Badge tone={words[row.kind].tone}>{words[row.kind].label}</Badge>
              </div>
              {row.kind === "different" && <Diff before={row.theirs} after={row.ours} className="mt-2" />}
              {row.kind === "unknown" && (
                <p className="mt-1 text-ink-muted text-xs">
                  Another program sent it, or the tenant lives in another Latchkey. It can be deleted in PostHog.
                </p>
              )}
            </li>
          ))}
        </ul>
      </Section>
    </Form>
  );
}
