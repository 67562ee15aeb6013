/**
 * Lets a process go on when what it prints cannot be written: the reader of a pipe has gone, or the disk is full. Without a
 * listener such an error would end it.
 */
export function outliveStandardStreams(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
