import { type EnteredForm, isKeptControl } from "~/ui/kit/kept-entries";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export const controlsOf = (form: HTMLFormElement) =>
  [...form.elements].filter(
    (element): element is Control =>
      element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement,
  );

const pageActionOf = (form: HTMLFormElement) => form.getAttribute("action") ?? "";
export const isPostForm = (form: HTMLFormElement) => form.getAttribute("method")?.toLowerCase() === "post";

export const identityOf = (form: HTMLFormElement) => ({ action: pageActionOf(form), id: form.getAttribute("id") ?? "" });

export const findForm = ({ action, id }: Pick<EnteredForm, "action" | "id">) =>
  [...document.querySelectorAll("form")].find(
    (form) => isPostForm(form) && pageActionOf(form) === action && (form.getAttribute("id") ?? "") === id,
  );

/** Sets the value as if it was typed. React overrides the element's own setter, and would ignore the event after that. */
function enter(control: Control, value: string): void {
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(control), "value")?.set?.call(control, value);
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Returns false if a control is missing; filling in others may reveal it. */
export function fillForm(form: HTMLFormElement, fields: EnteredForm["fields"]): boolean {
  const rest = controlsOf(form).filter(isKeptControl);
  let isWhole = true;
  for (const { name, value, checked } of fields) {
    const isToggle = checked !== undefined;
    const at = rest.findIndex((control) => control.name === name && (!isToggle || control.value === value));
    const control = rest[at];
    if (!control) {
      isWhole = false;
      continue;
    }
    rest.splice(at, 1);
    if (!isToggle) {
      if (control.value !== value) enter(control, value);
      // A select without this option.
      if (control.value !== value) isWhole = false;
    } else if ((control as HTMLInputElement).checked !== checked && (checked || control.type === "checkbox")) control.click();
  }
  return isWhole;
}
