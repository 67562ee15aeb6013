import { Form, useNavigation } from "@remix-run/react";
import type { Instant, TenantStatus } from "~/core/model";
import { type RequestState, requestLifeMs } from "~/core/requests/request";
import { paths } from "~/paths";
import { Button, LinkButton, TextLink } from "~/ui/kit/button";
import { Card, FormActions } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { Textarea, TextInput } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";
import { Time } from "~/ui/kit/time";

type Request = {
  id: string;
  tenant: { key: string; name: string; status: TenantStatus | null };
  summary: string;
  features: readonly { key: string; name: string; message: string; then: string | null }[];
  isBulk: boolean;
  isApproval: boolean;
  needsDays: boolean;
  state: RequestState;
  askedBy: string;
  user: string | null;
  isOwn: boolean;
  /** Why its asker cannot decide it. */
  ownWords: string;
  note: string | null;
  /** Why guard rails may be passed, if it is not the note. */
  reason: string | null;
  answer: string | null;
  createdAt: Instant;
  decidedAt: Instant | null;
  decidedBy: string | null;
  meets: string | null;
  mayDecide: boolean;
  /** Of an approved request for an API key. */
  key: { isCreated: boolean; endsAt: Instant; mayCreate: boolean } | null;
};
/** `entered`: what was sent, if it was refused. */
type Entered = { days?: unknown; answer?: unknown };
type Props = { request: Request; now: Instant; entered?: Entered };

/** A request with what its tenant has now, and the form that decides it. */
export function RequestCard({ request, now, entered }: Props) {
  const { tenant, summary, state, askedBy, user, note, reason, createdAt } = request;
  return (
    <Card>
      <h2 className="font-semibold text-ink text-sm wrap-anywhere">
        {summary}
        {tenant.key !== "" && (
          <>
            {" "}
            for <TextLink to={paths.tenant(tenant.key)}>{tenant.name}</TextLink>
          </>
        )}
      </h2>
      <p className="mt-0.5 text-ink-muted text-sm wrap-anywhere">
        {user === null ? `${askedBy} asked` : `${user} asked through ${askedBy}`} <Time at={createdAt} now={now} />.{" "}
        {state === "waiting" && (
          <>
            It lapses <Time at={createdAt + requestLifeMs} now={now} />.
          </>
        )}
      </p>
      {note && <p className="mt-2 whitespace-pre-line border-line-strong border-l-2 pl-3 text-ink text-sm wrap-anywhere">{note}</p>}
      {reason && <p className="mt-2 text-ink text-sm wrap-anywhere">Reason to pass a guard rail: {reason}</p>}
      {state === "waiting" ? <Deciding request={request} entered={entered} /> : <Decided request={request} now={now} />}
      {request.key && <ApprovedKey id={request.id} askedBy={askedBy} {...request.key} now={now} />}
    </Card>
  );
}

function Deciding({ request, entered = {} }: Omit<Props, "now">) {
  const { id, tenant, features, needsDays, isBulk, isApproval, isOwn, ownWords, mayDecide, meets } = request;
  const busy = useNavigation().formData?.get("id") === id;
  return (
    <>
      <ul className="mt-3 grid gap-1 text-ink-muted text-sm">
        {features.map(({ key, name, message, then }) => (
          <li key={key} className="wrap-anywhere">
            <span className="font-medium text-ink">{name}</span> now: {message}
            {then && (
              <>
                {" "}
                <span className="font-medium text-ink">Then:</span> {then}
              </>
            )}
          </li>
        ))}
      </ul>
      {tenant.status === "suspended" && (
        <Notice kind="warning" className="mt-3">
          {tenant.name} is suspended, so every answer stays no until it is reinstated.
        </Notice>
      )}
      {meets && (
        <Notice kind="warning" className="mt-3">
          {meets}
        </Notice>
      )}
      {isOwn ? (
        <Form method="post" action={paths.requests()} className="mt-3">
          <input type="hidden" name="id" value={id} />
          <p className="mb-3 text-ink-muted text-sm">{ownWords}</p>
          <Button name="intent" value="withdraw" busy={busy}>
            Withdraw
          </Button>
        </Form>
      ) : !mayDecide ? (
        <p className="mt-3 text-ink-muted text-sm">An admin or owner decides this.</p>
      ) : (
        <Form method="post" action={paths.requests()} className="mt-3 border-line border-t pt-3">
          <input type="hidden" name="id" value={id} />
          {needsDays && (
            <Field label="Days" name="days" hint="Of 24 hours, from now.">
              <TextInput inputMode="numeric" defaultValue={String(entered.days ?? 14)} autoComplete="off" className="max-w-28" />
            </Field>
          )}
          <Field label="Note" name="answer" hint="Needed to refuse, and to pass a guard rail. The audit log keeps it." optional>
            <Textarea rows={2} maxLength={1_000} defaultValue={String(entered.answer ?? "")} />
          </Field>
          <FormActions>
            <Button variant="primary" name="intent" value="grant" busy={busy}>
              {isApproval ? "Approve" : "Grant"}
            </Button>
            {isBulk && (
              <Button name="intent" value="preview" busy={busy}>
                Show what it would do now
              </Button>
            )}
            <Button name="intent" value="refuse" busy={busy}>
              Refuse
            </Button>
          </FormActions>
        </Form>
      )}
    </>
  );
}

const verbs = { waiting: "asked for", granted: "granted", refused: "refused", withdrawn: "withdrew" } as const;

function Decided({ request: { state, decidedAt, decidedBy, answer }, now }: Omit<Props, "entered">) {
  if (state === "lapsed" || decidedAt === null) return <p className="mt-2 text-ink-muted text-sm">Nobody decided it within 14 days.</p>;
  return (
    <p className="mt-2 text-ink-muted text-sm wrap-anywhere">
      {decidedBy} {verbs[state]} it <Time at={decidedAt} now={now} />
      {answer ? `: ${answer}` : "."}
    </p>
  );
}

type KeyProps = NonNullable<Request["key"]> & { id: string; askedBy: string; now: Instant };

function ApprovedKey({ id, askedBy, isCreated, endsAt, mayCreate, now }: KeyProps) {
  if (mayCreate)
    return (
      <p className="mt-3">
        <LinkButton to={paths.requestKey(id)} variant="primary">
          Create the key
        </LinkButton>
      </p>
    );
  return (
    <p className="mt-1 text-ink-muted text-sm wrap-anywhere">
      {isCreated ? "The key was created." : now >= endsAt ? "The key was not created in time." : `${askedBy} has not created the key yet.`}
    </p>
  );
}
