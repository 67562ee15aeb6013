import { keepTickObjectShape, lowerHelperPriority, raiseHeapGrowth } from "./process/runtime-tuning.server";

// Before anything else is loaded.
lowerHelperPriority();
raiseHeapGrowth();
keepTickObjectShape();
await import("./serve.server");
