import type { AnswerRow } from "~/core/decision/answer-row";
import type { Instant, TenantStatus } from "~/core/model";
import { mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { CodeBlock } from "~/ui/kit/code";
import { Notice } from "~/ui/kit/notice";
import { Time } from "~/ui/kit/time";
import { AnswerChange } from "~/ui/tenants/answer-change";

type Outcome = { id: string; what: "trial" | "override" | "extended" | "ended"; before: AnswerRow; after: AnswerRow; from: Instant | null };
type Props = { done: readonly Outcome[]; curl: string; tenant: string; status: TenantStatus; now: Instant; role: Role };

const titles = { trial: "Trial granted", override: "Override set", extended: "Extended", ended: "Ended" } as const;

/** For example a trial of a feature that the plan includes. */
const isSameAnswer = (before: AnswerRow, after: AnswerRow) =>
  before.entitled === after.entitled && before.gives === after.gives && before.message === after.message;

/** The result of a change: each answer before and after, and a curl command. */
export function GrantResult({ done, curl, tenant, status, now, role }: Props) {
  const [first] = done;
  if (!first) return null;
  return (
    <section aria-labelledby="result" className="min-w-0 overflow-hidden rounded-card border border-accent bg-surface shadow-card">
      <h2 id="result" className="bg-accent-soft px-4 py-2 font-semibold text-accent text-sm">
        {titles[first.what]}
      </h2>
      <div className="p-4">
        {status !== "active" && (
          <Notice
            kind="warning"
            className="mb-3"
            action={
              mayAct(role, "tenants.change") && (
                <LinkButton to={paths.tenantStatus(tenant, "active")} size="sm">
                  Reinstate
                </LinkButton>
              )
            }
          >
            This tenant is {status}, so every answer stays no until it is reinstated.
          </Notice>
        )}
        <ul className="grid gap-3">
          {done.map(({ id, before, after, from }) => (
            <li key={id} className="min-w-0">
              <p className="flex flex-wrap items-baseline gap-x-2 font-medium text-ink text-sm">
                {after.name}
                {from !== null && (
                  <span className="font-normal text-ink-muted text-xs">
                    from <Time at={from} now={now} show="both" />
                  </span>
                )}
              </p>
              {isSameAnswer(before, after) ? (
                <p className="mt-1 text-ink-muted text-sm">The answer stays the same: {after.message}</p>
              ) : (
                <AnswerChange before={before} after={after} now={now} className="mt-1" />
              )}
            </li>
          ))}
        </ul>
        <CodeBlock text={curl} label="What your app receives now" className="mt-4" />
      </div>
    </section>
  );
}
