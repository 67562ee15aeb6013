/** Reports to React what was typed, ticked or selected before the page was hydrated, so that filters and previews follow it. */
export function replayEntries(root: ParentNode): void {
  for (const input of root.querySelectorAll("input, textarea")) {
    if (input instanceof HTMLTextAreaElement) replayText(input, HTMLTextAreaElement.prototype);
    else if (input instanceof HTMLInputElement && isToggle(input)) replayToggle(input);
    else if (input instanceof HTMLInputElement && !hasNoText.has(input.type)) replayText(input, HTMLInputElement.prototype);
  }
  for (const select of root.querySelectorAll("select")) {
    const initial = [...select.options].findIndex(({ defaultSelected }) => defaultSelected);
    if (select.selectedIndex !== Math.max(initial, 0)) select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

const hasNoText = new Set(["hidden", "file", "submit", "button", "reset", "image"]);
const isToggle = ({ type }: HTMLInputElement) => type === "checkbox" || type === "radio";

/** React ignores an event if the value equals the last that it saw, and it sees only what is set on the element itself. */
function replayText(input: HTMLInputElement | HTMLTextAreaElement, prototype: object): void {
  const { value, defaultValue } = input;
  if (value === defaultValue) return;
  const setUnseen = Object.getOwnPropertyDescriptor(prototype, "value")?.set;
  const caret = document.activeElement === input ? input.selectionStart : null;
  input.value = defaultValue;
  setUnseen?.call(input, value);
  if (caret !== null) input.setSelectionRange(caret, caret);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

function replayToggle(input: HTMLInputElement): void {
  const { checked, defaultChecked } = input;
  // A radio button that is off is replayed by the one that is on.
  if (checked === defaultChecked || (input.type === "radio" && !checked)) return;
  input.checked = !checked;
  input.click();
}
