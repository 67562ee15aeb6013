import { Form, Link } from "@remix-run/react";
import type { Instant } from "~/core/model";
import type { CommandAnswer } from "~/core/search/results";
import { paths } from "~/paths";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Notice } from "~/ui/kit/notice";
import { commandAct } from "./command-words";

/** A command on the page of results, with a button that does it. */
export function CommandCard({ answer, now }: { answer: CommandAnswer; now: Instant }) {
  if (answer.kind === "problem") return <Notice kind="warning" title={answer.message} role="status" />;
  if (answer.kind === "several") {
    return (
      <Card>
        <p className="text-ink text-sm">Several match. Choose one:</p>
        <ul className="mt-2 flex flex-col gap-1">
          {answer.options.map(({ label, typed }) => (
            <li key={typed}>
              <Link to={paths.search(typed)} className="text-accent text-sm hover:underline">
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </Card>
    );
  }
  const act = commandAct(answer, now);
  if (!act) return null;
  return (
    <Card className="flex flex-wrap items-center justify-between gap-3">
      <p className="min-w-0 flex-1 basis-64 text-ink text-sm">{act.sentence}.</p>
      {act.fields === null ? (
        <LinkButton to={act.to} variant="primary">
          {act.button}
        </LinkButton>
      ) : (
        <Form method="post" action={act.to}>
          {Object.entries(act.fields).map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          <Button variant="primary">{act.button}</Button>
        </Form>
      )}
    </Card>
  );
}
