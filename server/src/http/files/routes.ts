import { type Request, Router } from "express";
import type { Places } from "../../places.js";
import { recentFiles } from "./recent-files.js";
import { refuse } from "./refusal.js";
import { settings } from "./settings.js";
import { uploadImage, uploadMask } from "./upload.js";
import { userdata } from "./userdata.js";
import { listUserdata, listUserdataTree } from "./userdata-lists.js";
import { view } from "./view.js";
import { viewMetadata } from "./view-metadata.js";

/** What the file routes need of the server. */
export interface FileServices {
  readonly places: Pick<Places, "data" | "inputs" | "output" | "temp">;
  readonly folders: {
    /** The file of a model, as `Folders.model` finds it: throws when there is none. */
    readonly model: (kind: string, name: string) => string;
  };
  /** Who asks, `default` where there is one user: letters, digits, `.`, `_` and `-`, since it names a folder. */
  readonly userOf: (request: Request) => string;
}

/**
 * The routes of files: what nodes read and write, and what users keep. They read bodies themselves, so that nothing may
 * read those before. What is refused goes to the app's error handler as an `HttpProblem`.
 */
export function fileRoutes(services: FileServices): Router {
  const routes = Router();
  routes.get("/view", view(services));
  routes.post("/upload/image", uploadImage(services));
  routes.post("/upload/mask", uploadMask(services));
  routes.get("/view_metadata/:folder", viewMetadata(services));
  routes.get("/internal/files/:type", recentFiles(services));

  routes.get("/users", (_request, response) => {
    response.json({ storage: "server", migrated: true });
  });
  const { all, one, change, changeOne } = settings(services);
  routes.route("/settings").get(all).post(change);
  routes.route("/settings/:id").get(one).post(changeOne);

  const { read, write, remove, move } = userdata(services);
  routes.get("/userdata", listUserdata(services));
  routes.get("/v2/userdata", listUserdataTree(services));
  routes.route("/userdata/:file").get(read).post(write).delete(remove);
  routes.post("/userdata/:file/move/:dest", move);
  routes.use(refuse);
  return routes;
}
