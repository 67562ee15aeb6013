export { loader } from "./jobs.$id.items[.]csv";
