/** For tests that measure time: another process may have taken the core, so what is too slow is measured again. */
export const measured = { retry: 4 };
