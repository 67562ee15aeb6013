/** How long connections may take to end, in ms. */
const endTimeoutMs = 2_000;

/** A connection that is connecting or broken may never report its end; shutdown does not wait for it. */
export async function ended(end: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, endTimeoutMs);
  });
  await Promise.race([end?.catch(() => {}), timeout]);
  clearTimeout(timer);
}
