const UNITS = ["bytes", "KB", "MB", "GB"];

/**
 * A file's size as people read it.
 * @param {number} bytes
 */
export function readableSize(bytes) {
  let unit = 0;
  let size = bytes;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 10 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}
