/** How long connections may take to end, in milliseconds. */
const endPatience = 2_000;

/** One that is still connecting, or that broke at the wrong moment, may never say that it has ended; a process that stops does not wait for it. */
export async function ended(end: Promise<unknown> | undefined): Promise<void> {
  let patience: NodeJS.Timeout | undefined;
  const outOfPatience = new Promise((resolve) => {
    patience = setTimeout(resolve, endPatience);
  });
  await Promise.race([end?.catch(() => {}), outOfPatience]);
  clearTimeout(patience);
}
