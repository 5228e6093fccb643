import type { Request } from "express";
import { z } from "zod";
import type { FilePlaces } from "../../places.js";
import { answer, jsonAnswer, type Route, route } from "../operation.js";
import { recentFiles, Type } from "./recent-files.js";
import { SettingName, settings } from "./settings.js";
import { UploadFields, uploadImage, uploadMask } from "./upload.js";
import { File, Move, userdata, WriteQuery } from "./userdata.js";
import { ListQuery, listUserdata, listUserdataTree, TreeQuery } from "./userdata-lists.js";
import { ViewQuery, view } from "./view.js";
import { ModelFolder, ModelQuery, viewMetadata } from "./view-metadata.js";

/** What the file routes need of the server. */
export interface FileServices {
  readonly places: FilePlaces;
  readonly folders: {
    /** The file of a model, as `Folders.model` finds it: throws when there is none. */
    readonly model: (kind: string, name: string) => string;
  };
  /** Who asks, `default` where there is one user: letters, digits, `.`, `_` and `-`, since it names a folder. */
  readonly userOf: (request: Request) => string;
}

const Stored = z.object({ name: z.string(), subfolder: z.string(), type: z.string() });
const Values = z.record(z.string(), z.unknown());
const BINARY = { schema: z.unknown(), type: "application/octet-stream" } as const;

/** A form whose file is in the field `image`. */
const formOf = (fields: z.ZodObject) => ({
  schema: fields.extend({ image: z.unknown().meta({ type: "string", format: "binary" }) }),
  type: "multipart/form-data",
});

const refused = { 400: answer("A name or value is not usable"), 404: answer("There is no such file") };
const written = {
  413: answer("It is too large"),
  415: answer("It is not of a kind that is taken"),
  507: answer("The disk is full"),
};

/**
 * The routes of files: what nodes read and write, and what users keep. They read bodies themselves, so that nothing may
 * read those before. What they throw goes through `refuse`.
 */
export function fileRoutes(services: FileServices): readonly Route[] {
  return [...pictureRoutes(services), ...settingsRoutes(services), ...userdataRoutes(services)];
}

/** What nodes read and write. */
function pictureRoutes(services: FileServices): readonly Route[] {
  const tag = "Pictures";
  const upload = { method: "post", scope: "run", tag } as const;
  return [
    route(
      {
        method: "get",
        path: "/view",
        scope: "read",
        tag,
        summary: "A picture, or a lighter copy of it",
        description: "What is no picture is a download without a type.",
        query: ViewQuery,
        answers: { 200: { description: "The file", content: { schema: z.unknown(), type: "image/*" } }, ...refused },
      },
      view(services),
    ),
    route(
      {
        ...upload,
        path: "/upload/image",
        summary: "Upload a picture",
        description: "One of another name's bytes is numbered, unless `overwrite` is said.",
        body: formOf(UploadFields),
        answers: { 200: jsonAnswer("Where it is", Stored), 400: refused[400], ...written },
      },
      uploadImage(services),
    ),
    route(
      {
        ...upload,
        path: "/upload/mask",
        summary: "Upload a mask for a picture that is there",
        description: "`original_ref`, a JSON object, names the picture; the mask's alpha becomes its alpha.",
        body: formOf(UploadFields),
        answers: { 200: jsonAnswer("Where it is", Stored), ...refused, ...written },
      },
      uploadMask(services),
    ),
    route(
      {
        method: "get",
        path: "/view_metadata/:folder",
        scope: "read",
        tag: "Nodes and models",
        summary: "What a model's file says of itself",
        params: z.object({ folder: ModelFolder.shape.folder }),
        query: ModelQuery,
        answers: { 200: jsonAnswer("The metadata of its header", Values), ...refused },
      },
      viewMetadata(services),
    ),
    route(
      {
        method: "get",
        path: "/internal/files/:type",
        scope: "read",
        tag,
        summary: "Files of the input, output or temp folder, the newest first",
        params: Type,
        answers: { 200: jsonAnswer("Their names", z.array(z.string())), 400: refused[400] },
      },
      recentFiles(services),
    ),
  ];
}

function settingsRoutes(services: FileServices): readonly Route[] {
  const { all, one, change, changeOne } = settings(services);
  const tag = "Users";
  const Users = z.looseObject({ storage: z.literal("server"), migrated: z.boolean() });
  return [
    route(
      {
        method: "get",
        path: "/users",
        scope: "read",
        tag,
        summary: "How users are kept",
        answers: { 200: jsonAnswer("It", Users) },
      },
      (_request, response) => void response.json({ storage: "server", migrated: true }),
    ),
    route(
      {
        method: "get",
        path: "/settings",
        scope: "read",
        tag,
        summary: "The editor's settings",
        answers: { 200: jsonAnswer("By name", Values) },
      },
      all,
    ),
    route(
      {
        method: "post",
        path: "/settings",
        scope: "run",
        tag,
        summary: "Change settings",
        body: { schema: Values },
        answers: { 200: answer("Done"), 400: refused[400], 413: written[413] },
      },
      change,
    ),
    route(
      {
        method: "get",
        path: "/settings/:id",
        scope: "read",
        tag,
        summary: "One setting",
        params: SettingName,
        answers: { 200: jsonAnswer("Its value; null when it is not set", z.unknown()) },
      },
      one,
    ),
    route(
      {
        method: "post",
        path: "/settings/:id",
        scope: "run",
        tag,
        summary: "Change one setting",
        params: SettingName,
        body: { schema: z.unknown() },
        answers: { 200: answer("Done"), 400: refused[400], 413: written[413] },
      },
      changeOne,
    ),
  ];
}

/** Workflows and whatever else an editor keeps for a user. */
function userdataRoutes(services: FileServices): readonly Route[] {
  const { read, write, remove, move } = userdata(services);
  const tag = "User files";
  const Written = z.union([z.string(), Values]).describe("Its path, or with `full_info` its size and dates");
  return [
    route(
      {
        method: "get",
        path: "/userdata",
        scope: "read",
        tag,
        summary: "Files of a folder",
        query: ListQuery,
        answers: { 200: jsonAnswer("Paths, or objects about them", z.array(z.unknown())), ...refused },
      },
      listUserdata(services),
    ),
    route(
      {
        method: "get",
        path: "/v2/userdata",
        scope: "read",
        tag,
        summary: "Files and folders of a folder",
        query: TreeQuery,
        answers: { 200: jsonAnswer("Objects about them", z.array(Values)), ...refused },
      },
      listUserdataTree(services),
    ),
    route(
      {
        method: "get",
        path: "/userdata/:file",
        scope: "read",
        tag,
        summary: "A file",
        params: File,
        answers: { 200: { description: "The file", content: BINARY }, ...refused },
      },
      read,
    ),
    route(
      {
        method: "post",
        path: "/userdata/:file",
        scope: "run",
        tag,
        summary: "Write a file",
        params: File,
        query: WriteQuery,
        body: BINARY,
        answers: {
          200: jsonAnswer("Written", Written),
          400: refused[400],
          409: answer("The name is taken"),
          ...written,
        },
      },
      write,
    ),
    route(
      {
        method: "delete",
        path: "/userdata/:file",
        scope: "run",
        tag,
        summary: "Delete a file",
        params: File,
        answers: { 204: answer("Gone"), ...refused },
      },
      remove,
    ),
    route(
      {
        method: "post",
        path: "/userdata/:file/move/:dest",
        scope: "run",
        tag,
        summary: "Move or rename a file",
        params: Move,
        query: WriteQuery,
        answers: { 200: jsonAnswer("Moved", Written), ...refused, 409: answer("The name is taken") },
      },
      move,
    ),
  ];
}
