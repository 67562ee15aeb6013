import { isRouteErrorResponse, useLocation, useNavigate, useNavigation, useRouteError } from "@remix-run/react";
import { useEffect, useState } from "react";
import { isNotFoundData, type NotFoundData } from "~/core/not-found";
import { paths } from "~/paths";
import { BrandMark } from "~/ui/shell/brand";
import { Button, LinkButton, TextLink } from "./button";
import { cx } from "./cx";
import { dropPendingForm, isConnectionLost, type KeptForm, keepPendingForm, keptForms } from "./kept-entries";
import { keptSentences, keptTitle } from "./kept-entries-words";

type Words = { title: string; what: string };
const words: Record<number, Words> = {
  400: { title: "This request cannot be read", what: "Go back and send the form again." },
  401: { title: "You are signed out", what: "Sign in again to go on." },
  403: { title: "Your role does not allow this", what: "Ask an owner to change your role, or to do this for you." },
  404: { title: "There is nothing here", what: "Check the address. What it showed may have been renamed or deleted." },
  405: { title: "This page does not accept forms", what: "Go back and use the buttons on the page." },
  413: { title: "That is too large", what: "Send less at once." },
  429: { title: "Too many tries", what: "Wait a minute, then try again." },
  503: {
    title: "Latchkey cannot answer at the moment",
    what: "It is busy, or its database is away. Try again in a moment.",
  },
};
const broken: Words = {
  title: "Something broke on our side",
  what: "If you sent a change, check whether it was saved before you send it again. The server's log has the details.",
};

const lost: Words = { title: keptTitle("lost"), what: "Latchkey could not be reached. Check your network, then try again." };

/**
 * Rendered by ErrorBoundary. A thrown Response with a text body provides the sentence; an Error's message is never
 * shown.
 */
export function RouteErrorPage({ inShell }: { inShell?: boolean }) {
  const error = useRouteError();
  const status = isRouteErrorResponse(error) ? error.status : isConnectionLost(error) ? null : 500;
  const kept = useKeptForm(status);
  if (!isRouteErrorResponse(error)) return <ErrorPage status={status} kept={kept} inShell={inShell} />;
  if (isNotFoundData(error.data)) return <ErrorPage status={status} {...error.data} kept={kept} inShell={inShell} />;
  const sentence = error.status < 500 && typeof error.data === "string" && error.data.length < 300 ? error.data : undefined;
  // Remix's own messages name routes and methods, which do not help a reader.
  const own = sentence?.startsWith("Error: ") ? undefined : sentence;
  return <ErrorPage status={status} sentence={own} kept={kept} inShell={inShell} />;
}

/** Keeps the form that led to this error, unless the server refused it for good. */
function useKeptForm(status: number | null): KeptForm | null {
  const [kept, setKept] = useState<KeptForm | null>(null);
  const { pathname, search } = useLocation();
  useEffect(() => {
    const mayWorkLater = status === null || status >= 500 || status === 429;
    if (!mayWorkLater) return dropPendingForm();
    // After another failed try the form is stored already.
    const stored = keptForms().find(({ page }) => page === pathname + search);
    const form = keepPendingForm(status === null ? "lost" : "failed") ?? stored;
    if (form) setKept(form);
  }, [status, pathname, search]);
  return kept;
}

/** Opens the page again: the form's page, if a form was kept. */
function TryAgain({ page }: { page?: string }) {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const busy = useNavigation().state !== "idle";
  return (
    <Button type="button" variant="primary" busy={busy} onClick={() => navigate(page ?? pathname + search, { replace: true })}>
      Try again
    </Button>
  );
}

/** `status` is null if no answer arrived. */
type ErrorPageProps = { status: number | null; sentence?: string; near?: NotFoundData["near"]; kept?: KeptForm | null; inShell?: boolean };

export function ErrorPage({ status, sentence, near = [], kept, inShell }: ErrorPageProps) {
  const { title, what } = status === null ? lost : (words[status] ?? broken);
  const Frame = inShell ? "div" : "main";
  return (
    <Frame className={cx("flex flex-col items-center justify-center px-6 text-center", inShell ? "min-h-[60dvh]" : "min-h-dvh")}>
      <BrandMark className="size-9" />
      {status !== null && <p className="mt-5 font-medium text-ink-faint text-xs">{status}</p>}
      <h1 className={cx("font-semibold text-ink text-xl tracking-tight", status === null ? "mt-5" : "mt-1")}>{title}</h1>
      <p className="mt-2 max-w-md text-ink-muted text-sm wrap-anywhere">{sentence || what}</p>
      {near.length > 0 && (
        <section aria-label="Near matches" className="mt-4 max-w-full text-sm">
          <p className="text-ink-muted">Did you mean one of these?</p>
          <ul className="mt-1.5 grid gap-1">
            {near.map(({ to, name, key }) => (
              <li key={to} className="min-w-0 wrap-anywhere">
                <TextLink to={to}>{name}</TextLink> {name !== key && <span className="font-mono text-ink-faint text-xs">{key}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p role="status" className={cx("max-w-md font-medium text-ink text-sm", kept && "mt-2")}>
        {kept && keptSentences(kept, false)}
      </p>
      <div className="mt-6 flex flex-wrap justify-center gap-2">
        {status === null || kept ? (
          <TryAgain page={kept?.page} />
        ) : status === 401 ? (
          <LinkButton to={paths.signIn()} variant="primary">
            Sign in
          </LinkButton>
        ) : (
          <LinkButton to={paths.home()} variant="primary">
            Go to Home
          </LinkButton>
        )}
      </div>
    </Frame>
  );
}
