/** True in `npm run test:long`, which runs the same guarantees over more requests, tenants and events. */
export const isLong = process.env.LATCHKEY_TESTS === "long";
