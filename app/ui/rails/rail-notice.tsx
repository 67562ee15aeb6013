import { closedTo, type RailedKind, type RailFacts, type RailVerdict, railAdvice } from "~/core/rails/guard-rails";
import { Button } from "~/ui/kit/button";
import { Notice } from "~/ui/kit/notice";

/** What binds this act, above a form that may meet it. Nothing if no guard rail does. */
export function RailLimits({ rails, kind }: { rails: Pick<RailFacts, "rules" | "role" | "sentences" | "mayPass">; kind: RailedKind }) {
  const { rules, role, sentences, mayPass } = rails;
  const closed = closedTo(role, kind, rules);
  if (closed === null && (kind === "end" || sentences.length === 0)) return null;
  const advice = mayPass && closed === null ? "Beyond that, write the reason as the note." : "Beyond that, ask an admin.";
  return (
    <Notice kind="info" className="mb-4">
      {closed ?? sentences.join(" ")} {rules.why} {closed === null ? advice : "Ask an admin."}
    </Notice>
  );
}

/** Sends the form as a request, where the role is bound. Nothing if it may go on with a reason. */
export function AskButton({
  rails: { rules, role, mayPass },
  kind,
  busy,
}: {
  rails: Pick<RailFacts, "rules" | "role" | "mayPass">;
  kind: RailedKind;
  busy: boolean;
}) {
  const isClosed = closedTo(role, kind, rules) !== null;
  if (role === "viewer" || (!isClosed && (mayPass || kind === "end"))) return null;
  return (
    <Button name="intent" value="ask" busy={busy}>
      Ask an admin
    </Button>
  );
}

/** What the form would meet as it is filled in. */
export function RailVerdictLine({ verdict }: { verdict: RailVerdict }) {
  if (verdict.may === "yes") return null;
  return (
    <span className={verdict.may === "no" ? "block text-no" : "block text-warn"}>
      {[...new Set(verdict.passed.map(({ sentence }) => sentence))].join(" ")} {railAdvice(verdict.may)}
    </span>
  );
}
