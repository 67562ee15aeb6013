import type { Refusal } from "~/core/outcome";
import { paths } from "~/paths";
import { redirectWithToast } from "~/server/http/toast.server";

/** Leads to where an act waits for a second person. */
export const toWaitingRequest = ({ message }: Refusal) => redirectWithToast(paths.requests(), { message });
