/** A picture of bytes, row by row, its channels interleaved. */
export interface BytePicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/** Throws if a picture's bytes are not as many as its extents say. */
export function checkBytes({ width, height, channels, data }: BytePicture): void {
  if (data.length !== width * height * channels) {
    throw new Error(`a picture of ${width} × ${height} × ${channels} bytes comes with ${data.length}`);
  }
}
