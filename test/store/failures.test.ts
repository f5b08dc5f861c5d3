/** Errors of PostgreSQL: which work is sent again, and what people read. */
import { expect, it } from "vitest";
import { FettleError } from "../../src/errors.js";
import { NotConnected } from "../../src/store/postgres/drivers.js";
import { isCurable, refusal } from "../../src/store/postgres/failures.js";

const coded = (code: string | undefined, message = "of the server") =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

it.each([
  // the transaction was undone
  ["40001", true, true],
  ["40P01", true, true],
  ["23503", true, true],
  // it may have been done
  ["23505", false, true],
  ["ECONNRESET", false, true],
  ["57P01", false, true],
  ["08006", false, true],
  // it would fail again
  ["42501", false, false],
  ["28P01", false, false],
  [undefined, false, false],
])("an error %s is curable by a second try: %s, and of idempotent work: %s", (code, once, again) => {
  expect([isCurable(coded(code), false), isCurable(coded(code), true)]).toEqual([once, again]);
});

it("a connection that was never made is tried again, unless the server refuses it", () => {
  expect(isCurable(new NotConnected("", { cause: coded("ECONNREFUSED") }), false)).toBe(true);
  expect(isCurable(new NotConnected("", { cause: coded("28P01") }), true)).toBe(false);
  expect(isCurable(coded(undefined, "Connection terminated unexpectedly"), true)).toBe(true);
});

it.each([
  ["ECONNREFUSED", "no server answers there; check the host and the port"],
  ["ENOENT", "no server answers there; check the folder of its socket"],
  ["ENOTFOUND", "no host has that name"],
  ["EAI_AGAIN", "the name of the host cannot be looked up"],
  ["28P01", "the server refuses the user or the password"],
  ["28000", "the server refuses the user; check its name"],
  ["3D000", "the server has no database with that name"],
  ["42501", "the user lacks a right"],
  ["25006", "the server is read-only"],
  ["53100", "the disk of the server is full"],
  ["53300", "the server has no connection left"],
  ["57014", "a statement took longer than the server's statement_timeout allows"],
  ["57P03", "the server is starting or stopping"],
  ["22P05", "the encoding of the database must be UTF8"],
  ["ECONNRESET", "the connection was lost; try again once the server runs"],
  ["XX000", "a statement failed"],
])("an error %s says: %s", (code, reason) => {
  const said = refusal("host/name", coded(code)) as FettleError;
  expect([said.code, said.message]).toEqual([
    "store_failed",
    expect.stringMatching(/^cannot use "host\/name": .* \(PostgreSQL says "of the server"\)$/),
  ]);
  expect(said.message).toContain(`: ${reason}`);
  // some errors of a system have no message
  expect((refusal("host", coded(code, "")) as FettleError).message).toContain(`(PostgreSQL says "${code}")`);
});

it("a refusal of this library stays as it is, and a missing password is named", () => {
  const own = new FettleError("not_found", "gone");
  expect(refusal("host", own)).toBe(own);
  expect(
    (refusal("host", coded(undefined, "client password must be a string")) as FettleError).message,
  ).toContain("the server asks for a password, and the URL has none");
});
