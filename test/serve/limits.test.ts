/** The room that running studies take in a process. */
import { describe, expect, it } from "vitest";
import { messageOf } from "../../src/errors.js";
import { float } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import {
  checkListeners,
  checkMemory,
  checkRoomInStorage,
  checkTrials,
  Room,
} from "../../src/serve/limits.js";
import { memoryStorage } from "../../src/store/memory.js";
import { tunerFor } from "./support.js";

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

describe("a limit allows its own number, and no more", () => {
  const trials = (count: number) => checkTrials(tunerFor({ trials: count, strategy: "random" }), 5);
  const inStorage = async (count: number) => {
    const storage = memoryStorage();
    const study = createStudy({
      space: { x: float(0, 1) },
      strategy: random(),
      direction: "minimize",
    }).toJSON();
    for (let i = 1; i < count; i++) await storage.create(`${i}`, study);
    await checkRoomInStorage(storage, 5);
  };
  it.each([
    ["trials", trials, 5, "maxTrials"],
    ["the memory of a training", (bytes: number) => checkMemory(bytes, 5), 5, "maxStudyMemory"],
    ["readers of the events", (count: number) => checkListeners(count - 1), 100, "received one more"],
    ["studies", inStorage, 5, "maxStudies"],
  ])("%s", async (name, check, most, words) => {
    await check(most);
    const refused = await Promise.resolve(most + 1)
      .then(check)
      .catch(messageOf);
    expect(refused).toMatch(new RegExp(`^${name}.* must be at most ${most}\\b.*${words}`));
  });
});
