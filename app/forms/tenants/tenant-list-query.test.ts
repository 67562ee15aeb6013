import { describe, expect, test } from "vitest";
import type { Json } from "~/core/model";
import { day } from "~/core/time";
import { readTenantColumns, readTenantSort, tenantColumnsText, tenantSortText, tenantViewQuery } from "./tenant-list-params";
import { readTenantListQuery } from "./tenant-list-query";
import { readTenantLook, tenantLookForm } from "./tenant-look";

const read = (query: string) => readTenantListQuery(new URLSearchParams(query));
const set = (query: string) => JSON.parse(JSON.stringify(read(query).filter));

describe("the list's URL", () => {
  test("says each filter", () => {
    expect(set("q=a+b&plan=pro&addOn=more&status=active")).toEqual({ search: "a b", plan: "pro", addOn: "more", status: "active" });
    expect(set("plan=-")).toEqual({ plan: "" });
    expect(set("trial=live")).toEqual({ trial: "live" });
    expect([set("trial=ending"), set("trial=7"), set("trial=366")]).toEqual([{ trial: 7 * day }, { trial: 7 * day }, { trial: 366 * day }]);
    expect(set("feature=sso")).toEqual({ feature: { key: "sso", through: "plan" } });
    expect(set("feature=sso&through=limit")).toEqual({ feature: { key: "sso", through: "limit" } });
    expect(set("metaKey=region&metaValue=eu")).toEqual({ metadata: { key: "region", value: "eu" } });
  });

  test.each([
    "",
    "trial=0",
    "trial=367",
    "trial=-1",
    "trial=x",
    "status=x",
    "through=trial",
    "metaValue=x",
    "plan=%00",
    "q=%00",
    "metaKey=%00",
    `metaKey=region&metaValue=${"x".repeat(201)}`,
  ])("ignores what says nothing: %s", (query) => {
    expect(set(query)).toEqual({});
    expect(read(query)).toMatchObject({ sort: [{ id: "name", desc: false }], page: 1 });
  });

  test("sorts by up to three columns, each once", () => {
    expect(readTenantSort("plan,-refused,plan,x,name,changed").map(({ id, desc }) => [id, desc])).toEqual([
      ["plan", false],
      ["refused", true],
      ["name", false],
    ]);
    expect(tenantSortText(readTenantSort("-limit,name"))).toBe("-limit,name");
  });

  test("holds columns in their order, metadata with any key, and at most ten", () => {
    const columns = readTenantColumns(["status,plan", "meta.a%2Cb", "plan", "nothing", "meta.", "meta.100%25"]);
    expect(columns).toEqual(["status", "plan", "meta.a,b", "meta.100%"]);
    expect(readTenantColumns([tenantColumnsText(columns)])).toEqual(columns);
    expect(readTenantColumns([Array.from({ length: 20 }, (_, i) => `meta.k${i}`).join(",")])).toHaveLength(10);
    expect(read("q=a").columns).toBeUndefined();
  });

  test("is the same view whatever the order of its parameters, without the page and what is empty", () => {
    const query = (text: string) => tenantViewQuery(new URLSearchParams(text)).toString();
    expect(query("cols=plan&cols=&cols=status&status=active&page=3&q=&open=only&through=trial")).toBe("status=active&cols=plan%2Cstatus");
    expect(query("sort=-limit&q=x")).toBe(query("q=x&sort=-limit&metaValue=y"));
  });
});

describe("what a person keeps", () => {
  test("is read again, and is the default if it cannot be read", () => {
    expect(readTenantLook({ columns: ["created", "meta.region"], density: "compact" })).toEqual({
      columns: ["created", "meta.region"],
      density: "compact",
    });
    const unreadable: Json[] = [null, 1, {}, { columns: "plan" }, { columns: [], density: "huge" }, { columns: ["x"] }];
    for (const broken of unreadable)
      expect(readTenantLook(broken)).toMatchObject({ density: "normal", columns: ["plan", "trials", "limit", "refused", "status"] });
  });

  test("comes from a form with places left empty", () => {
    const form = tenantLookForm.parse({ intent: "keep", cols: ["status", undefined, "plan", ""], density: "roomy" });
    expect(form).toMatchObject({ cols: ["status", "plan"], density: "roomy" });
    expect(tenantLookForm.parse({ intent: "reset" }).cols).toEqual([]);
  });
});
