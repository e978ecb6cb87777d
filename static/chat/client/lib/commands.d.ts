/** Commands as callers write them, and what the reply to each holds. */
import type * as wire from "../../protocol.js";

export type AnyCommand = { type: string; [field: string]: unknown };

type WithoutRef<T> = T extends unknown ? Omit<T, "ref"> : never;

/** A command as callers write it: the client chooses its `ref`, and a `client_id` if it has none. */
export type Sendable =
  | WithoutRef<Exclude<wire.Command, wire.MessageSendCommand>>
  | (Omit<wire.MessageSendCommand, "ref" | "client_id"> & { client_id?: string });

export type Answer =
  | { type: "reply"; ref: string; [field: string]: any }
  | { type: "error"; ref: string; code: string; detail: string };

/** What the reply to each command holds; `{}` too where it is not answered. */
export type Replies = {
  [K in keyof wire.Commands]: wire.Commands[K]["reply"] extends null
    ? {}
    : Omit<NonNullable<wire.Commands[K]["reply"]>, "type" | "ref">;
};
