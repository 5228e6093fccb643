export { kindOf, readWorkflow, type SavedKind, type Workflow, writeWorkflow } from "./document.js";
export { type Finding, WorkflowError } from "./findings.js";
export { type Conversion, type ConvertOptions, MAX_NODES, toPrompt } from "./to-prompt.js";
export { type Widget, widgetsOf } from "./widgets.js";
