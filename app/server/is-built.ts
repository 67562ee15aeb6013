/** True in the bundle that `npm run build` makes, false in the sources. The bundle always runs as production. */
export const isBuilt: boolean = import.meta.env?.PROD === true;
