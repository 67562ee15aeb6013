import { useLocation, useNavigation } from "@remix-run/react";
import { useEffect, useState } from "react";
import { paths } from "~/paths";
import { Button, LinkButton } from "~/ui/kit/button";
import {
  clearKeptForms,
  dropPendingForm,
  type KeptForm,
  keptForms,
  readEntries,
  removeKeptForm,
  setPendingForm,
} from "~/ui/kit/kept-entries";
import { keptSentences, keptTitle } from "~/ui/kit/kept-entries-words";
import { Notice } from "~/ui/kit/notice";
import { controlsOf, fillForm, findForm, identityOf, isPostForm } from "./fill-form";

/** Fields that are revealed by others take a few renders. */
const maxFillFrames = 10;
// A form is filled once: what is typed after that stays.
const filled = new WeakSet<HTMLFormElement>();

/** Remembers forms that are sent, and fills the entries in again of those that could not be saved. */
export function KeptEntriesNotice({ owner }: { owner: string }) {
  const { pathname, search, key } = useLocation();
  const { state, formMethod } = useNavigation();
  const [kept, setKept] = useState<KeptForm | null>(null);
  const [isStale, setStale] = useState(false);
  const [isFormHere, setFormHere] = useState(false);
  const page = pathname + search;

  useEffect(() => {
    const remember = ({ target: form }: Event) => {
      if (!(form instanceof HTMLFormElement) || !isPostForm(form)) return;
      const identity = identityOf(form);
      if (identity.action === paths.signOut()) clearKeptForms();
      const entries = readEntries(controlsOf(form));
      setPendingForm(entries && { owner, page: window.location.pathname + window.location.search, ...identity, ...entries });
    };
    // Before React, whose handlers clear or replace fields.
    window.addEventListener("submit", remember, { capture: true });
    return () => window.removeEventListener("submit", remember, { capture: true });
  }, [owner]);

  // Forms are remembered before they are validated. If a navigation without a form follows, this one was not sent.
  useEffect(() => {
    if (state === "loading" && formMethod === undefined) setPendingForm(null);
  }, [state, formMethod]);

  // Error pages and the sign-in page keep the form in their effects, which run first. If it is still pending here, the
  // server has answered it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key changes when a form leads to its own page
  useEffect(() => {
    if (state !== "idle") return;
    dropPendingForm();
    const forms = keptForms();
    if (forms.some((form) => form.owner !== owner)) clearKeptForms();
    const own = forms.filter((form) => form.owner === owner);
    setKept(own.find((form) => form.page === page) ?? own[0] ?? null);
  }, [state, page, key, owner]);

  useEffect(() => {
    if (kept?.page !== page) return;
    let frames = 0;
    let frame = 0;
    const fill = () => {
      const form = findForm(kept);
      setFormHere(form !== undefined);
      if (form && frames === 0) {
        if (filled.has(form)) return;
        const expected = form.querySelector<HTMLInputElement>('input[name="expected"]')?.value ?? null;
        setStale(expected !== kept.expected);
      }
      const isWhole = form !== undefined && fillForm(form, kept.fields);
      if (!isWhole && ++frames < maxFillFrames) frame = requestAnimationFrame(fill);
      else if (form) filled.add(form);
      // An error page replaced the form and shows the same message.
      else setKept(null);
    };
    fill();
    return () => cancelAnimationFrame(frame);
  }, [kept, page]);

  const isHere = kept?.page === page;
  if (!kept || (isHere && !isFormHere)) return null;
  const discard = () => {
    removeKeptForm(kept);
    // A new document, with the saved values.
    if (isHere) window.location.assign(page);
    else setKept(null);
  };
  return (
    <Notice
      kind="warning"
      role="status"
      className="mb-4"
      title={keptTitle(kept.reason, kept.idleMinutes)}
      action={
        <div className="flex flex-wrap gap-2">
          {!isHere && (
            <LinkButton to={kept.page} size="sm">
              Back to the form
            </LinkButton>
          )}
          <Button type="button" size="sm" onClick={discard}>
            Discard
          </Button>
        </div>
      }
    >
      {keptSentences(kept, isHere && isStale)}
    </Notice>
  );
}
