/** Waits for `work`, but at most `ms`. `onLate` is called if it takes longer. Rejects if `work` rejects in time. */
export async function waitAtMost(work: Promise<unknown>, ms: number, onLate?: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      onLate?.();
      resolve();
    }, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
