/**
 * Entries of forms that could not be saved, because the session had ended or the server was away. They are kept in the
 * tab's sessionStorage until the form is saved, discarded, or the admin signs out.
 */

/** `signed-out`: refused. `lost`: no answer, so it may have been saved. `failed`: the server answered with an error. */
export type KeptReason = "signed-out" | "lost" | "failed";

type KeptField = {
  name: string;
  value: string;
  /** Of checkboxes and radio buttons. */
  checked?: boolean;
};

export type EnteredForm = {
  /** E-mail of the admin. Another admin who signs in in the same tab does not see the entries. */
  owner: string;
  /** Path and query of the form's page. */
  page: string;
  action: string;
  /** The form's id attribute, or "". */
  id: string;
  fields: KeptField[];
  /** Revision of what the form edits; null if the form has none. */
  expected: string | null;
  /** Entries that are not kept. */
  omitted: ("file" | "long")[];
};

export type KeptForm = EnteredForm & {
  reason: KeptReason;
  /** The idle limit, if the session ended by it. */
  idleMinutes: number | null;
};

/** The part of a form's control that is read. */
export type FormControl = {
  name: string;
  type: string;
  value: string;
  checked?: boolean;
  readOnly?: boolean;
  disabled?: boolean;
  autocomplete?: string;
  files?: { length: number } | null;
};

const storageKey = "latchkey:entries";
/** Length of one form's entries, in UTF-16 code units. */
const maxEntriesLength = 64 * 1024;
const maxKeptForms = 5;

const secretName = /passw|secret|token|api.?key/i;
const secretAutocomplete = /one-time-code|current-password|new-password/;
/** Latchkey's and PostHog's keys. */
const apiKey = /\b(lk_[a-z]+|ph[a-z])_\w{8,}/;
const isToggle = (type: string) => type === "checkbox" || type === "radio";
const unkeptTypes = new Set(["password", "hidden", "file", "submit", "button", "reset", "image", "fieldset", "output"]);

export const isKeptControl = ({ name, type, readOnly, disabled, autocomplete = "" }: FormControl) =>
  name !== "" && !unkeptTypes.has(type) && !readOnly && !disabled && !secretName.test(name) && !secretAutocomplete.test(autocomplete);

/** Returns null if there is nothing to keep. A form with a password is not kept at all. */
export function readEntries(controls: readonly FormControl[]): Pick<EnteredForm, "fields" | "expected" | "omitted"> | null {
  if (controls.some(({ type }) => type === "password")) return null;
  const omitted = new Set<"file" | "long">();
  const fields: KeptField[] = [];
  let length = 0;
  for (const control of controls) {
    if (control.type === "file" && control.files?.length) omitted.add("file");
    if (!isKeptControl(control) || apiKey.test(control.value)) continue;
    const { name, type, value, checked } = control;
    if (length + name.length + value.length > maxEntriesLength) {
      omitted.add("long");
      continue;
    }
    length += name.length + value.length;
    fields.push(isToggle(type) ? { name, value, checked } : { name, value });
  }
  if (fields.length === 0 && omitted.size === 0) return null;
  const expected = controls.find(({ name, type }) => name === "expected" && type === "hidden")?.value ?? null;
  return { fields, expected, omitted: [...omitted] };
}

const isSameForm = (a: EnteredForm, b: EnteredForm) => a.page === b.page && a.action === b.action && a.id === b.id;

/** The newest first. Forms of another admin are dropped. */
export const withKeptForm = (kept: readonly KeptForm[], form: KeptForm): KeptForm[] =>
  [form, ...kept.filter((other) => other.owner === form.owner && !isSameForm(other, form))].slice(0, maxKeptForms);

/** The submitted form whose outcome is not known yet. Only memory holds it. */
let pending: EnteredForm | null = null;

export function setPendingForm(form: EnteredForm | null): void {
  pending = form;
}

/** Stores the pending form. Returns it, or null if there is none or the browser has no storage. */
export function keepPendingForm(reason: KeptReason, idleMinutes: number | null = null): KeptForm | null {
  if (!pending) return null;
  const form = { ...pending, reason, idleMinutes };
  pending = null;
  return write(withKeptForm(keptForms(), form)) ? form : null;
}

/** Called when the server has answered the pending form: what was kept of it is removed. */
export function dropPendingForm(): void {
  const answered = pending;
  pending = null;
  if (answered) removeKeptForm(answered);
}

export function removeKeptForm(form: EnteredForm): void {
  const kept = keptForms();
  const others = kept.filter((other) => !isSameForm(other, form));
  if (others.length < kept.length) write(others);
}

export const clearKeptForms = () => write([]);

/** The newest first. */
export function keptForms(): KeptForm[] {
  try {
    const forms: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? "[]");
    return Array.isArray(forms) ? forms : [];
  } catch {
    return [];
  }
}

/** False if storage is full or the browser refuses it. */
function write(forms: KeptForm[]): boolean {
  try {
    if (forms.length === 0) sessionStorage.removeItem(storageKey);
    else sessionStorage.setItem(storageKey, JSON.stringify(forms));
    return true;
  } catch {
    return false;
  }
}

// How Chromium, Firefox and Safari name a failed fetch, and Remix an answer that was cut off or came from a proxy.
const lostMessage =
  /^(Failed to fetch|network error|NetworkError|Load failed|The network connection was lost|Could not connect to the server|The Internet connection appears to be offline|Unable to decode turbo-stream response)/i;

/** True if a page's data or a form's answer did not arrive. */
export const isConnectionLost = (error: unknown) => error instanceof Error && lostMessage.test(error.message);
