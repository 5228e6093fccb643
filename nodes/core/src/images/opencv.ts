import { createRequire } from "node:module";
import type * as OpenCv from "@techstark/opencv-js";
import { type BytePicture, checkBytes } from "./byte-picture.js";

type Cv = typeof OpenCv;
type Mat = OpenCv.Mat;

let loading: Promise<{ readonly cv: Cv }> | undefined;

/**
 * OpenCV, loaded when first asked for: it takes about a second and 90 MB, so only what needs its very pixels asks. It
 * comes in an object because the module has a `then` that gives the module again: a promise of it would never end.
 */
function openCv(): Promise<{ readonly cv: Cv }> {
  loading ??= load();
  return loading;
}

async function load(): Promise<{ readonly cv: Cv }> {
  // Not `import()`: loaders that show a module's members as their own would show its `then` too.
  const cv = createRequire(import.meta.url)("@techstark/opencv-js") as Cv & { onRuntimeInitialized?: () => void };
  await new Promise<void>((ready) => {
    if (cv.Mat) ready();
    else cv.onRuntimeInitialized = ready;
  });
  return { cv };
}

/** OpenCV's ways to resize that preprocessors use. */
export type CvResizeMethod = "linear" | "cubic" | "area" | "lanczos4";

/** Gives a function OpenCV and a way to keep track of matrices, which live outside the heap; deletes them all after it. */
async function withMats<T>(work: (cv: Cv, own: (mat: Mat) => Mat) => T): Promise<T> {
  const { cv } = await openCv();
  const mats: Mat[] = [];
  const own = (mat: Mat): Mat => {
    mats.push(mat);
    return mat;
  };
  try {
    return work(cv, own);
  } finally {
    for (const mat of mats) mat.delete();
  }
}

function matOf(cv: Cv, picture: BytePicture): Mat {
  checkBytes(picture);
  const { width, height, channels, data } = picture;
  const mat = new cv.Mat(height, width, { 1: cv.CV_8UC1, 3: cv.CV_8UC3, 4: cv.CV_8UC4 }[channels]);
  mat.data.set(data);
  return mat;
}

/**
 * OpenCV's Canny edges, 0 or 255 a pixel (aperture 3, gradients by their absolute sum). Of several channels, the one with
 * the steepest gradient counts at each pixel. `low` and `high` are bounds of that sum.
 */
export const cvCanny = (picture: BytePicture, low: number, high: number): Promise<Uint8Array> =>
  withMats((cv, own) => {
    const edges = own(new cv.Mat());
    cv.Canny(own(matOf(cv, picture)), edges, low, high);
    return edges.data.slice();
  });

/** A picture in another size, as OpenCV's `resize` makes it. */
export const cvResize = (
  picture: BytePicture,
  width: number,
  height: number,
  method: CvResizeMethod,
): Promise<BytePicture> =>
  withMats((cv, own) => {
    const interpolation = {
      linear: cv.INTER_LINEAR,
      cubic: cv.INTER_CUBIC,
      area: cv.INTER_AREA,
      lanczos4: cv.INTER_LANCZOS4,
    }[method];
    const resized = own(new cv.Mat());
    cv.resize(own(matOf(cv, picture)), resized, new cv.Size(width, height), 0, 0, interpolation as number);
    return { ...picture, width, height, data: resized.data.slice() };
  });
