import type { ShouldRevalidateFunction } from "@remix-run/react";

/** Remix keeps old data after a refused form. After a concurrent change the page must show the current state. */
export const refreshOnConflict: ShouldRevalidateFunction = ({ actionStatus, defaultShouldRevalidate }) =>
  actionStatus === 409 || defaultShouldRevalidate;
