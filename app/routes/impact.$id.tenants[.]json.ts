export { loader } from "./impact.$id.tenants[.]csv";
