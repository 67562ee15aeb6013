import type { ActionFunctionArgs, LoaderFunction, LoaderFunctionArgs } from "@remix-run/node";

const Page = () => null;

/** A page that captures an event, as an app's own code would. */
export const seen = {
  default: Page,
  loader: ({ context }: LoaderFunctionArgs) => {
    context.posthog?.client.capture({ event: "seen", properties: { own: 1 } });
    return null;
  },
};

export const failing = {
  default: Page,
  loader: ({ request }: LoaderFunctionArgs) => {
    throw new Error(`no walrus for ${request.headers.get("x-who")}`);
  },
  action: (_: ActionFunctionArgs) => {
    throw new Error("no teapot");
  },
};

/** A page with only a loader. */
export const page = (loader: LoaderFunction) => ({ default: Page, loader });

type Described = { value: string; stacktrace: { frames: Record<string, unknown>[] } };
/** The first exception of a $exception event. */
export const exceptionOf = (properties: Record<string, unknown> | undefined) =>
  ((properties?.$exception_list ?? []) as Described[])[0] as Described;
