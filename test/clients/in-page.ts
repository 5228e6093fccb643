// Functions that run in the frontend's page: they see its globals, and nothing of this file.

// biome-ignore lint/suspicious/noExplicitAny: the page's globals are the frontend's, which has no types here.
declare const window: any;

/** A text file that is let go over the canvas. */
export function dropFile({ name, text }: { readonly name: string; readonly text: string }): void {
  const dataTransfer = new window.DataTransfer();
  dataTransfer.items.add(new window.File([text], name, { type: "application/json" }));
  const place = { dataTransfer, bubbles: true, cancelable: true, clientX: 600, clientY: 400 };
  for (const type of ["dragenter", "dragover", "drop"])
    window.document.querySelector("canvas").dispatchEvent(new window.DragEvent(type, place));
}

/** Whether the page has a graph to draw. */
export const hasGraph = (): boolean => Boolean(window.app?.graph);

/** A class's nodes in the graph. */
export const countNodes = (type: string): number => window.app.graph.findNodesByType(type).length;

/** Where on the page a node's widget is. */
export function placeOfWidget({ type, name }: { readonly type: string; readonly name: string }): {
  readonly x: number;
  readonly y: number;
} {
  const [node] = window.app.graph.findNodesByType(type);
  const widget = node.widgets.find((one: { readonly name: string }) => one.name === name);
  const [x, y] = window.app.canvasPosToClientPos([node.pos[0] + node.size[0] / 2, node.pos[1] + widget.last_y + 10]);
  return { x, y };
}

/** A widget's value. */
export const valueOfWidget = ({ type, name }: { readonly type: string; readonly name: string }): unknown =>
  window.app.graph.findNodesByType(type)[0].widgets.find((one: { readonly name: string }) => one.name === name).value;

/** A picture that the page has decoded. */
export interface Shown {
  readonly src: string;
  readonly width: number;
  readonly height: number;
  /** Its pixels, as RGBA. */
  readonly pixels: readonly number[];
}

/** The picture that a node draws below its widgets; undefined while it draws none. */
export function pictureOf(type: string): Shown | undefined {
  const image = window.app.graph.findNodesByType(type)[0]?.imgs?.[0];
  if (!image?.complete || image.naturalWidth === 0) return undefined;
  const { src, naturalWidth: width, naturalHeight: height } = image;
  const context = new window.OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  return { src, width, height, pixels: [...context.getImageData(0, 0, width, height).data] };
}
