/** What a server is joined of once its workers are starting. In one file, so that it is loaded in one go, after them. */
export { createApp } from "./http/app.js";
export { MAX_UPLOAD } from "./http/files/multipart.js";
export { wrongTokens } from "./http/rate-limits.js";
export { openSockets } from "./http/socket.js";
export { jobMessage } from "./http/v2/job-message.js";
export { openDispatcher } from "./jobs/dispatcher.js";
export { openMetrics } from "./metrics/metrics.js";
export { openFeed } from "./protocol/feed.js";
export { openUserFolders } from "./runtime.js";
export { openDeliveries } from "./webhooks/deliver.js";
