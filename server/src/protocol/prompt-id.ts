/** ComfyUI compares ids as texts everywhere, so that only one spelling of a UUID is taken. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a `prompt_id` is a UUID in its canonical spelling: lower case, with hyphens. */
export const isPromptId = (id: unknown): id is string => typeof id === "string" && UUID.test(id);
