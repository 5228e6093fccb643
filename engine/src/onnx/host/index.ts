export type { HostDoor } from "./join.js";
export { HostDied } from "./link.js";
export { type HostSupervisor, type SupervisorOptions, superviseHost } from "./supervise.js";
