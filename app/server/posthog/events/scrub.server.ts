import type { EventMessage } from "posthog-node";
import { maskSecrets } from "~/core/posthog/secrets";
import type { PosthogSettings } from "~/server/posthog/settings.server";

type Frame = {
  filename?: string;
  module?: string;
  in_app?: boolean;
  pre_context?: string[];
  context_line?: string;
  post_context?: string[];
  [more: string]: unknown;
};
type Described = { value?: string; stacktrace?: { frames?: Frame[] } };
type Settings = Pick<PosthogSettings, "exceptionCode" | "inAppModules">;

/** Filters everything the SDK sends. Exceptions keep their type, message and stack, without secrets. */
export function scrubber(settings: Settings) {
  return (event: EventMessage | null): EventMessage | null => {
    const list = event?.properties?.$exception_list;
    if (!Array.isArray(list)) return event;
    for (const described of list as Described[]) {
      if (typeof described.value === "string") described.value = maskSecrets(withoutParameters(described.value));
      for (const frame of described.stacktrace?.frames ?? []) scrubFrame(frame, settings);
    }
    return event;
  };
}

/** The message of a failed query ends with its parameters, which are personal data. */
const withoutParameters = (message: string) => (message.startsWith("Failed query:") ? message.split("\nparams:", 1)[0] : message) as string;

const asList = (lines: unknown) => (Array.isArray(lines) ? lines.map((line) => maskSecrets(String(line))) : undefined);

function scrubFrame(frame: Frame, { exceptionCode, inAppModules }: Settings): void {
  if (inAppModules.length > 0) frame.in_app = inAppModules.some((name) => isOf(frame, name));
  // The SDK for Node sends no local variables today. If it starts to, they are removed here.
  for (const name of ["vars", "locals", "code_variables"]) delete frame[name];
  if (!exceptionCode) {
    delete frame.pre_context;
    delete frame.context_line;
    delete frame.post_context;
    return;
  }
  if (frame.context_line !== undefined) frame.context_line = maskSecrets(frame.context_line);
  if (frame.pre_context) frame.pre_context = asList(frame.pre_context);
  if (frame.post_context) frame.post_context = asList(frame.post_context);
}

/** A folder or package in the file's path, or the prefix of the module's name. */
function isOf({ filename = "", module = "" }: Frame, name: string): boolean {
  return `/${filename}/`.includes(`/${name}/`) || module === name || module.startsWith(`${name}.`) || module.startsWith(`${name}:`);
}
