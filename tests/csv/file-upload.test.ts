import { expect, test } from "vitest";
import { readFileUpload } from "~/server/http/file-upload.server";

test("a file that is refused before its end is answered, and does not hang", { timeout: 5_000 }, async () => {
  const form = new FormData();
  form.append("file", new File([Buffer.alloc(3_000_000, "x")], "big.csv"));
  const request = new Request("http://localhost/", { method: "POST", body: form });
  const taken = readFileUpload(request, async (name, file) => {
    for await (const _ of file) return `${name} is refused`;
  });
  expect(await taken).toBe("big.csv is refused");
});

test("a file whose upload breaks off ends for its reader, too", { timeout: 5_000 }, async () => {
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="t.csv"\r\ncontent-type: text/csv\r\n\r\nkey,name\n';
  let fail: (error: Error) => void = () => {};
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(head + "a,A\n".repeat(1_000)));
      fail = (error) => controller.error(error);
    },
  });
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  const request = new Request("http://localhost/", { method: "POST", headers, body, duplex: "half" } as RequestInit);
  let seen: unknown;
  const taken = readFileUpload(request, async (_name, file) => {
    try {
      for await (const _ of file) fail(new Error("broke off"));
    } catch (error) {
      seen = error;
      throw error;
    }
  });
  await expect(taken).rejects.toThrow("broke off");
  expect(String(seen)).toContain("broke off");
});
