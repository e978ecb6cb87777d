/**
 * Whether a message is one that somebody has to read: from another person, and still there.
 * @param {{sender: string, deleted: boolean}} message
 * @param {string} me the reader's username
 */
export const isCounted = (message, me) => message.sender !== me && !message.deleted;
