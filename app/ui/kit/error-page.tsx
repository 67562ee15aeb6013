import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { paths } from "~/paths";
import { BrandMark } from "~/ui/shell/brand";
import { LinkButton } from "./button";
import { cx } from "./cx";

type Words = { title: string; what: string };
const words: Record<number, Words> = {
  400: { title: "This request cannot be read", what: "Go back and send the form again." },
  401: { title: "You are signed out", what: "Sign in again to go on." },
  403: { title: "Your role does not allow this", what: "Ask an owner to change your role, or to do this for you." },
  404: { title: "There is nothing here", what: "It may have been renamed or archived. Look it up in the list." },
  405: { title: "This page takes no forms", what: "Go back and use the buttons on the page." },
  413: { title: "That is too large", what: "Send less at once." },
  429: { title: "Too many tries", what: "Wait a minute, then try again." },
  503: {
    title: "Latchkey cannot answer at the moment",
    what: "It is busy, or its database is away. Nothing was changed. Try again in a moment.",
  },
};
const broken: Words = {
  title: "Something broke on our side",
  what: "Nothing you typed caused it, and what was not saved was not changed. Try again; the server's log has the details.",
};

/**
 * Rendered by ErrorBoundary. A thrown Response with a text body provides the sentence; an Error's message is never
 * shown.
 */
export function RouteErrorPage({ inShell }: { inShell?: boolean }) {
  const error = useRouteError();
  if (!isRouteErrorResponse(error)) return <ErrorPage status={500} inShell={inShell} />;
  const sentence = error.status < 500 && typeof error.data === "string" && error.data.length < 300 ? error.data : undefined;
  // Remix's own messages name routes and methods, which do not help a reader.
  return <ErrorPage status={error.status} sentence={sentence?.startsWith("Error: ") ? undefined : sentence} inShell={inShell} />;
}

export function ErrorPage({ status, sentence, inShell }: { status: number; sentence?: string; inShell?: boolean }) {
  const { title, what } = words[status] ?? broken;
  const Frame = inShell ? "div" : "main";
  return (
    <Frame className={cx("flex flex-col items-center justify-center px-6 text-center", inShell ? "min-h-[60dvh]" : "min-h-dvh")}>
      <BrandMark className="size-9" />
      <p className="mt-5 font-medium text-ink-faint text-xs">{status}</p>
      <h1 className="mt-1 font-semibold text-ink text-xl tracking-tight">{title}</h1>
      <p className="mt-2 max-w-md text-ink-muted text-sm wrap-anywhere">{sentence || what}</p>
      <div className="mt-6 flex flex-wrap justify-center gap-2">
        {status === 401 ? (
          <LinkButton to={paths.signIn()} variant="primary">
            Sign in
          </LinkButton>
        ) : (
          <LinkButton to={paths.home()} variant="primary">
            Go to the tenants
          </LinkButton>
        )}
      </div>
    </Frame>
  );
}
