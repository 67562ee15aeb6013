import { describe, expect, test } from "vitest";
import { maxCsvColumns } from "~/core/import/csv-columns";
import { type CsvRecord, CsvUnreadable, csvRecords } from "~/server/tenant-csv/csv-reader.server";

/** The file in chunks of this size. */
async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function recordsOf(file: string | Uint8Array, size = 7): Promise<CsvRecord[]> {
  const all: CsvRecord[] = [];
  const bytes = typeof file === "string" ? Buffer.from(file) : file;
  for await (const batch of csvRecords(chunked(bytes, size), 3)) all.push(...batch);
  return all;
}
const cellsOf = async (file: string | Uint8Array, size?: number) => (await recordsOf(file, size)).map(({ cells }) => cells);
const refusedOf = (file: string | Uint8Array, size?: number) =>
  recordsOf(file, size).then(
    () => "read",
    (error) => (error instanceof CsvUnreadable ? error.message : Promise.reject(error)),
  );

describe("a CSV file is read", () => {
  test.each([",", ";", "\t"])("with the separator %j of its first line", async (sign) => {
    const file = `${["key", "name"].join(sign)}\r\n${["acme", "Ac,me;x"].map((cell) => `"${cell}"`).join(sign)}\r\n`;
    expect(await cellsOf(file)).toEqual([
      ["key", "name"],
      ["acme", "Ac,me;x"],
    ]);
  });
  test("with a separator that is quoted in the first line", async () => {
    expect(await cellsOf('"a,b,c";d\n1;2\n')).toEqual([
      ["a,b,c", "d"],
      ["1", "2"],
    ]);
  });
  test("with a byte order mark, and characters that are split between chunks", async () => {
    for (const size of [1, 2, 3, 1000])
      expect(await cellsOf("\ufeffkey,name\na,株式会社 دلتا\n", size)).toEqual([
        ["key", "name"],
        ["a", "株式会社 دلتا"],
      ]);
  });
  test("with quotes across lines, and the line on which each row begins", async () => {
    const lines = async (file: string) => (await recordsOf(file)).map(({ line }) => line);
    expect(await lines('k,n\r\na,"1\r\n2"\r\nb,"1\r\n\r\n3"\r\nc,d\r\n')).toEqual([1, 2, 4, 7]);
    const records = await recordsOf('key,name\na,"one\ntwo\n""three"""\n\n\nb,B\r\nc,C');
    expect(records).toEqual([
      { line: 1, cells: ["key", "name"] },
      { line: 2, cells: ["a", 'one\ntwo\n"three"'] },
      { line: 7, cells: ["b", "B"] },
      { line: 8, cells: ["c", "C"] },
    ]);
  });
  test("in batches of bounded length, however long its rows are", async () => {
    const row = `${Array.from({ length: 9 }, () => "x".repeat(4_000)).join(",")}\n`;
    const sizes: number[] = [];
    for await (const batch of csvRecords(chunked(Buffer.from(row.repeat(300)), 65_536), 200)) sizes.push(JSON.stringify(batch).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    const counts: number[] = [];
    for await (const batch of csvRecords(chunked(Buffer.from("k\n".repeat(450)), 100), 200)) counts.push(batch.length);
    expect(counts).toEqual([200, 200, 50]);
  });
  test("with rows that are shorter or longer than the first line", async () => {
    expect(await cellsOf("a,b\n1\n1,2,3\n")).toEqual([["a", "b"], ["1"], ["1", "2", "3"]]);
  });
});

describe("a CSV file is refused with the line", () => {
  test.each(["", "\ufeff", "\n\n", "  \n"])("if it is empty: %j", async (file) => {
    expect(await refusedOf(file)).toBe("The file is empty. Its first line names the columns.");
  });
  test("of text that is not UTF-8", async () => {
    const latin1 = Buffer.concat([Buffer.from("key,name\na,A\nb,Caf"), Buffer.from([0xe9]), Buffer.from("\nc,C\n")]);
    for (const size of [1, 5, 1000])
      expect(await refusedOf(latin1, size)).toMatch(/^Line 3 is not UTF-8 text\. Save the file as “CSV UTF-8”/);
    expect(await refusedOf(Buffer.from("\ufeffkey,name\n", "utf16le"))).toMatch(/^Line 1 is not UTF-8 text/);
  });
  test("of a million columns, before they are read", async () => {
    let read = 0;
    async function* wide() {
      const chunk = Buffer.alloc(16_384, ",");
      for (; read < 64; read++) yield chunk;
      yield Buffer.from("\n");
    }
    const read$ = async () => {
      for await (const _ of csvRecords(wide(), 10));
    };
    await expect(read$()).rejects.toThrow(`Line 1 has over ${maxCsvColumns} columns.`);
    expect(read).toBeLessThan(12);
  });
  test("of a wide row below a narrow first line", async () => {
    expect(await refusedOf(`a,b\n1,2\n${",".repeat(1_000_000)}\n`, 65_536)).toBe(
      "Line 3 has over 100 columns. Leave out those that are not needed.",
    );
  });
  test("of a cell of 20 kB", async () => {
    expect(await refusedOf(`key,name\na,${"x".repeat(20_000)}\n`, 4_096)).toMatch(/^Line 2 has a cell of over 12,000 characters/);
    expect(await refusedOf(`key,name\na,"${"x".repeat(12_000)}"\n`, 4_096)).toBe("read");
  });
  test("of a quote that is never closed, however much follows", async () => {
    expect(await refusedOf('key,name\na,"A\nb,B\n')).toMatch(/a quote is opened and never closed/);
    expect(await refusedOf(`key,name\na,"${"b,B\n".repeat(200_000)}`, 16_384)).toMatch(/a quote is never closed/);
  });
  test("of a quote in the wrong place, and of a NUL character", async () => {
    expect(await refusedOf('key,name\na,"A"x\n')).toMatch(/^Line 2: a quote is in the wrong place/);
    expect(await refusedOf("key,name\na,A\0\n")).toMatch(/^Line 2 has a NUL character/);
  });
});
