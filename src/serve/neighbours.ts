/** The studies of one process, as each of them sees the others. */
import { Room } from "./limits.js";

/** What a study shares with the others of its process. */
export interface Neighbours {
  readonly room: Room;
  /** Refuses a further study where there are too many. */
  admit(): Promise<void>;
  /** Called when the last reader of the events of a study has left. */
  unheard(id: string): void;
}

/** A study that shares its process with no other. */
export const alone = (): Neighbours => ({
  room: new Room(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  admit: async () => {},
  unheard: () => {},
});
