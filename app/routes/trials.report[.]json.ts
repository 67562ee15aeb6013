export { loader } from "./trials.report[.]csv";
