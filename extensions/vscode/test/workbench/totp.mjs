/** What an authenticator app does (RFC 6238), and how one is set up. */
import { createHmac } from "node:crypto";
import { PASSWORD } from "./chat-server.mjs";

const DOOR = "/_allauth/app/v1";

/** The code of this half minute. */
export function codeOf(secret) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", base32(secret)).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Turns the second factor on, as its pages do. @returns {Promise<{secret: string, used: string, recovery: string[]}>} */
export async function turnOnSecondFactor(server, username) {
  const login = await server.post(`${DOOR}/auth/login`, { username, password: PASSWORD });
  const token = login.meta.session_token;
  const headers = { "X-Session-Token": token };
  await server.post(`${DOOR}/auth/reauthenticate`, { password: PASSWORD }, token);
  const get = async (door) =>
    (
      await fetch(new URL(`${DOOR}/account/authenticators/${door}`, server.url), { headers })
    ).json();
  const { secret } = (await get("totp")).meta;
  const used = codeOf(secret);
  const on = await server.post(`${DOOR}/account/authenticators/totp`, { code: used }, token);
  if (on.status !== 200) throw new Error(`The second factor was not turned on: ${on.status}`);
  const { unused_codes: recovery } = (await get("recovery-codes")).data;
  return { secret, used, recovery };
}

function base32(text) {
  const bits = [...text.replaceAll("=", "")]
    .map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign).toString(2).padStart(5, "0"))
    .join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
