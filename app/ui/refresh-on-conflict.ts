import type { ShouldRevalidateFunction } from "@remix-run/react";

/** Remix keeps the old data after a refused form. When somebody else was quicker the page has to show what is there now. */
export const refreshOnConflict: ShouldRevalidateFunction = ({ actionStatus, defaultShouldRevalidate }) =>
  actionStatus === 409 || defaultShouldRevalidate;
