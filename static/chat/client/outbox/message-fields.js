/**
 * What a writer gives a message, and what the server adds. No other module of the client lists these
 * fields: the entries of the outbox, the command `message.send` and the drawn message follow from here,
 * and their types from `protocol.d.ts`. So a field that the protocol gets is missed here, by `tsc`.
 *
 * @typedef {import("./types.js").Written} Written
 * @typedef {import("./types.js").Unsent} Unsent
 */

/** @type {Readonly<Written>} each field that a writer may give, as it is where they give nothing */
const NOTHING_WRITTEN = { body: "", attachments: [], reply_to: null, code: null };

/**
 * Every server knows these. All others are left out where they are empty, for a server refuses fields
 * that it does not know.
 */
const ALWAYS_SENT = new Set(["body", "attachments", "reply_to"]);

/**
 * What only the server can say of a message, as it shows before the server has said so.
 * @type {Readonly<Omit<import("../../protocol.js").Message, keyof Written | import("./types.js").Known>>}
 */
export const NOT_STORED = {
  position: 0,
  html: "",
  edited_at: null,
  deleted: false,
  hidden: false,
  mentions: [],
  reactions: {},
};

/**
 * What the writer gave, of an object that may have other fields and may lack some of these: so do
 * entries that an older client stored.
 *
 * @param {Partial<Written>} given
 * @returns {Written}
 */
export function writtenFields(given) {
  const fields = Object.entries(NOTHING_WRITTEN).map(([name, nothing]) => [
    name,
    given[/** @type {keyof Written} */ (name)] ?? nothing,
  ]);
  return Object.fromEntries(fields);
}

/** The ids of a message's files. @param {Pick<Unsent, "attachments">} entry */
export const idsOf = ({ attachments }) => attachments.map(({ id }) => id);

/**
 * The command that sends a message.
 * @param {Unsent} entry
 * @returns {Omit<import("../../protocol.js").MessageSendCommand, "ref">}
 */
export function commandOf(entry) {
  const { room, client_id } = entry;
  const given = Object.entries({ ...writtenFields(entry), attachments: idsOf(entry) }).filter(
    ([name, value]) => ALWAYS_SENT.has(name) || value,
  );
  return { type: "message.send", room, client_id, ...Object.fromEntries(given) };
}
