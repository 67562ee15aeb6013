import { keepTickObjectShape, raiseHeapGrowth } from "~/server/process/runtime-tuning.server";
import { lowerHelperPriority } from "./process/runtime-tuning.server";

// Before anything else is loaded.
lowerHelperPriority();
raiseHeapGrowth();
keepTickObjectShape();
await import("./serve.server");
