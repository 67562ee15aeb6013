import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature, OpenFeatureProvider, useBooleanFlagDetails, useNumberFlagValue, useStringFlagValue } from "@openfeature/react-sdk";
import { createRoot } from "react-dom/client";

/** Messages from the test to the page, which belongs to another app on another origin. */
const { url, key, tenant } = Object.fromEntries(new URLSearchParams(location.search)) as Record<string, string>;

function Exports() {
  const sso = useBooleanFlagDetails("sso", false);
  const calls = useNumberFlagValue("calls", -1);
  const tone = useStringFlagValue("tone", "?");
  return (
    <p>
      sso {sso.value ? "on" : "off"} ({sso.reason}), {calls} calls, {tone}
    </p>
  );
}

// Without a provider it is done at once.
void OpenFeature.setContext({ targetingKey: "user-1", tenant: tenant ?? "" });
OpenFeature.setProvider(new OFREPWebProvider({ baseUrl: url ?? "", headers: [["Authorization", `Bearer ${key}`]], cacheMode: "disabled" }));
createRoot(document.getElementById("app") as HTMLElement).render(
  <OpenFeatureProvider suspendUntilReady={false}>
    <Exports />
  </OpenFeatureProvider>,
);
