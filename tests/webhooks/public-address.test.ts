import { describe, expect, test } from "vitest";
import { postWebhook } from "~/server/webhooks/post-webhook.server";
import { isPublicAddress, type ResolveHost } from "~/server/webhooks/public-address.server";
import { hang, ok, startReceiver, status } from "../support/receiver";

const closed = [
  ...["127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"],
  ...["100.64.0.1", "100.127.255.255", "0.0.0.0", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.255", "255.255.255.255"],
  ...["::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "fc00::1", "fd12:3456::1"],
  ...["fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001::1", "3fff::1"],
];
const open = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"];

test.each(closed)("%s is not a public address", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});
test.each(open)("%s is a public address", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});
test.each(["", "example.com", "1.2.3", "0x7f.1", "127.1"])("the text “%s” is not a public address", (text) => {
  expect(isPublicAddress(text)).toBe(false);
});

const refused = "The host's address is private or reserved. LATCHKEY_WEBHOOK_ALLOW_HOSTS can allow the host.";
const send = (url: string, options: Partial<Parameters<typeof postWebhook>[3]> = {}) =>
  postWebhook(url, { "content-type": "application/json" }, "{}", { allowedHosts: [], timeoutMs: 5_000, ...options });
/** A name server that answers with these addresses, one list per question. */
const resolving = (...answers: string[][]): ResolveHost & { asked: () => number } => {
  let asked = 0;
  const resolve = (_name: string, _options: unknown, callback: (error: null, found: { address: string; family: number }[]) => void) => {
    const found = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return Object.assign(resolve as unknown as ResolveHost, { asked: () => asked });
};

describe("a request to a receiver on this machine", () => {
  test.each([
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://0.0.0.0:PORT/",
  ])("is refused by its address %s, and nothing arrives", async (url) => {
    const receiver = await startReceiver();
    const reply = await send(url.replace("PORT", String(receiver.port)));
    expect([reply, receiver.received]).toEqual([{ status: null, error: refused, isGone: false, answer: null }, []]);
    await receiver.close();
  });

  test("is refused by a name whose only address is private", async () => {
    const receiver = await startReceiver();
    const reply = await send(`http://hooks.example.com:${receiver.port}/`, { resolve: resolving(["127.0.0.1"]) });
    expect([reply.error, receiver.received]).toEqual([refused, []]);
    await receiver.close();
  });

  test("is refused by a name with a public and a private address", async () => {
    const receiver = await startReceiver();
    const reply = await send(`http://hooks.example.com:${receiver.port}/`, { resolve: resolving(["8.8.8.8", "127.0.0.1"]) });
    expect([reply.error, receiver.received]).toEqual([refused, []]);
    await receiver.close();
  });

  test("is made to the address that was checked: the name is looked up once", async () => {
    const resolve = resolving(["192.168.7.7"], ["8.8.8.8"]);
    expect([(await send("https://hooks.example.com/", { resolve })).error, resolve.asked()]).toEqual([refused, 1]);
  });

  test("is made if the host is allowed, by its name alone", async () => {
    const receiver = await startReceiver();
    const allowedHosts = ["localhost", "127.0.0.1"];
    expect((await send(receiver.url, { allowedHosts })).status).toBe(200);
    expect((await send(`http://LOCALHOST:${receiver.port}/`, { allowedHosts })).error).toBe(null);
    expect((await send(`http://127.0.0.2:${receiver.port}/`, { allowedHosts })).error).toBe(refused);
    await receiver.close();
  });
});

describe("a request to an allowed host", () => {
  const allowedHosts = ["127.0.0.1"];

  test("does not follow a redirect to a private address", async () => {
    const target = await startReceiver();
    const receiver = await startReceiver(status(307, { location: target.url }));
    expect(await send(receiver.url, { allowedHosts })).toEqual({
      status: 307,
      error: "The receiver answered 307. Redirects are not followed.",
      isGone: false,
      answer: "status 307",
    });
    expect(target.received).toEqual([]);
    await Promise.all([receiver.close(), target.close()]);
  });

  test("ends when there is no answer in time", async () => {
    const receiver = await startReceiver(hang);
    const reply = await send(receiver.url, { allowedHosts, timeoutMs: 100 });
    expect(reply.error).toBe("There was no answer within 0.1 seconds.");
    await receiver.close();
  });

  test("reads 4 kB of an answer that does not end, and counts its status", async () => {
    const receiver = await startReceiver((response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    const reply = await send(receiver.url, { allowedHosts });
    expect([reply.status, reply.error, reply.answer?.length]).toEqual([200, null, 4_096]);
    await receiver.close();
  });

  test("says in a sentence that nothing listens there", async () => {
    const receiver = await startReceiver(ok);
    await receiver.close();
    expect((await send(receiver.url, { allowedHosts })).error).toBe("The host refuses connections on this port.");
  });

  test.each([
    ["ftp://127.0.0.1/", "The address has to begin with https:// or http://."],
    ["nothing", "The address is not a URL."],
  ])("to %s is refused", async (url, error) => {
    expect((await send(url, { allowedHosts })).error).toBe(error);
  });
});
