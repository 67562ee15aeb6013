import { RemixBrowser } from "@remix-run/react";
import { StrictMode, startTransition, useEffect } from "react";
import { hydrateRoot } from "react-dom/client";
import { replayEntries } from "./ui/kit/replay-entries";

// Sonner and Radix add <style> elements without the nonce, which the content security policy refuses.
const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
const createElement = document.createElement;
document.createElement = function (this: Document, name: string, options?: ElementCreationOptions) {
  const element = createElement.call(this, name, options);
  if (name === "style") element.nonce = nonce;
  return element;
} as typeof document.createElement;

// React hydrates at once when one of these events arrives, and fails (error 345) while Remix still decodes the page's
// data. Until the page is hydrated only the browser sees them, as without JavaScript. The list is React 18's own
// (`discreteReplayableEvents` in react-dom).
const eventsThatHydrate =
  "mousedown mouseup touchcancel touchend touchstart auxclick dblclick pointercancel pointerdown pointerup dragend dragstart drop compositionend compositionstart keydown keypress keyup input textInput copy cut paste click change contextmenu reset submit".split(
    " ",
  );
const keepFromReact = (event: Event) => event.stopImmediatePropagation();
for (const name of eventsThatHydrate) window.addEventListener(name, keepFromReact, true);

function Page() {
  useEffect(() => {
    for (const name of eventsThatHydrate) window.removeEventListener(name, keepFromReact, true);
    replayEntries(document);
  }, []);
  return <RemixBrowser />;
}

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <Page />
    </StrictMode>,
  );
});
