import { html } from "lit";
import { isolated } from "../../client/people/names.js";
import { fileNotes } from "../composer/file-notes.js";
import { icon } from "../lib/icons.js";
import { mediaUrl } from "../lib/media-url.js";
import { askAgain } from "../lib/pictures.js";
import { readableSize } from "../lib/sizes.js";

/** @typedef {import("../../protocol.js").Attachment} Attachment */

/** What every browser and the editor's webview can play; anything else is a card. */
const PLAYABLE = /^(audio\/(mpeg|ogg|wav|x-wav|flac|mp4|aac|webm)|video\/(mp4|webm|ogg))$/;

/** Bytes of a recording up to which it is read to its end to tell how long it is. */
const SOUGHT_LIMIT = 8 * 1024 * 1024;

/** Pixels that one image takes among the messages. */
const LARGEST = { width: 360, height: 280 };

/**
 * The files of a message: images first as thumbnails, then players, then cards.
 * @param {Attachment[]} attachments
 * @param {(image: Attachment) => void} openImage
 */
export function attachmentList(attachments, openImage) {
  if (attachments.length === 0) return null;
  const images = attachments.filter(isImage);
  const others = attachments.filter((attachment) => !isImage(attachment));
  return html`
    ${
      images.length > 0
        ? html`<div class="images ${images.length > 1 ? "is-many" : ""}">
          ${images.map((image) => thumbnail(image, openImage))}
        </div>`
        : null
    }
    ${others.map((file) => player(file) ?? card(file))}
  `;
}

/** @param {Attachment} attachment */
export const isImage = (attachment) =>
  attachment.content_type.startsWith("image/") && Boolean(attachment.thumbnail_url);

/**
 * The size is known before the picture is, so nothing moves when it comes.
 * @param {Attachment} image
 * @param {(image: Attachment) => void} openImage
 */
function thumbnail(image, openImage) {
  const width = image.width ?? LARGEST.width;
  const height = image.height ?? LARGEST.height;
  const scale = Math.min(1, LARGEST.width / width, LARGEST.height / height);
  return html`<button
    type="button"
    class="thumbnail"
    aria-label="Open image ${isolated(image.name)}"
    @click=${() => openImage(image)}
  >
    <img
      src=${mediaUrl(image.thumbnail_url ?? image.url)}
      width=${Math.max(1, Math.round(width * scale))}
      height=${Math.max(1, Math.round(height * scale))}
      alt=""
      decoding="async"
      loading="lazy"
      @error=${askAgain}
    />
  </button>`;
}

/** @param {Attachment} file */
function player(file) {
  if (!PLAYABLE.test(file.content_type) || file.problem) return null;
  const url = mediaUrl(file.url);
  const video = file.content_type.startsWith("video/");
  return html`<figure class="player">
    ${
      video
        ? html`<video
          src=${url}
          controls
          preload="metadata"
          playsinline
          aria-label=${isolated(file.name)}
          @loadedmetadata=${findEnd(file)}
        ></video>`
        : html`<audio
          src=${url}
          controls
          preload="metadata"
          aria-label=${isolated(file.name)}
          @loadedmetadata=${findEnd(file)}
        ></audio>`
    }
    <figcaption>
      <a href=${url} download=${file.name}><bdi>${file.name}</bdi></a> · ${readableSize(file.size)}
    </figcaption>
  </figure>`;
}

/**
 * What a browser has recorded does not say how long it is, and shows 0:00. A player that has been
 * at the end knows.
 * @param {Attachment} file
 */
const findEnd =
  (file) =>
  (/** @type {Event} */ { target }) => {
    const media = /** @type {HTMLMediaElement} */ (target);
    if (media.duration !== Infinity || file.size > SOUGHT_LIMIT) return;
    const atEnd = () => {
      if (media.duration === Infinity) return;
      media.removeEventListener("durationchange", atEnd);
      media.currentTime = 0;
    };
    media.addEventListener("durationchange", atEnd);
    media.currentTime = Number.MAX_SAFE_INTEGER;
  };

/** @param {Attachment} file */
function card(file) {
  const notes = fileNotes(file);
  return html`<a class="file-card" href=${mediaUrl(file.url)} download=${file.name}>
    <span class="file-icon">${icon("file")}<span class="file-kind">${kind(file)}</span></span>
    <span class="file-words">
      <span class="file-name"><bdi>${file.name}</bdi></span>
      <span class="file-size">${readableSize(file.size)}</span>
      ${notes ? html`<span class="file-notes">${notes}</span>` : null}
    </span>
    ${icon("download")}
  </a>`;
}

/** @param {Attachment} file */
function kind(file) {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(file.name);
  return (ending ? ending[1] : "file").toLocaleUpperCase();
}
