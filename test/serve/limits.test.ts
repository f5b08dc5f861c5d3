/** The room that running studies take in a process. */
import { describe, expect, it } from "vitest";
import { messageOf } from "../../src/errors.js";
import { Room } from "../../src/serve/limits.js";

const refusal = (take: () => void): string => {
  try {
    take();
  } catch (error) {
    return messageOf(error);
  }
  return "";
};

describe("the room of running studies", () => {
  it("is for all of them together, and one that runs on does not count twice", () => {
    const room = new Room(9, 100);
    room.reserve("a", 60);
    expect(refusal(() => room.reserve("b", 41))).toMatch(
      /^the memory of all running studies must be at most 100 bytes; received a study that needs 41, in addition to 60 of the others/,
    );
    room.reserve("a", 70);
    room.reserve("b", 30);
    expect(refusal(() => room.reserve("a", 71))).toMatch(/needs 71, in addition to 30 of the others/);
  });

  it("is for so many studies", () => {
    const room = new Room(1, 100);
    room.reserve("a", 1);
    expect(refusal(() => room.reserve("b", 1))).toMatch(
      /^running studies must be at most 1; received one more/,
    );
    room.reserve("a", 2);
  });
});
