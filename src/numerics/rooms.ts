/**
 * Rooms of their own for computations that call kernels thousands of times on the same numbers, such as
 * models. `scratch.ts` lends memory for one call.
 */
import { instantiate, type KernelExports, kernelsModule } from "./kernels.js";
import { roomIn, type Scratch } from "./scratch.js";

/** Numbers in the memory of kernels of their own. */
export interface Room extends Scratch {
  readonly kernels: KernelExports;
}

/** Models of all objectives at once have a room each. */
const ROOMS = 10;
/** Those without an owner first, then in the order in which they were given. */
const rooms: { owner: object | undefined; room: Room }[] = [];

/**
 * The room of an owner. There are few: after others have taken them all, an owner gets another one.
 *
 * @param length - how many float64, the same at each call for the same owner
 * @param write - writes the owner's numbers to a new room
 * @throws FettleError `memory_limit`, `invalid_state` as `scratch`
 */
export function roomOf(owner: object, length: number, write: (room: Room) => void): Room {
  const known = rooms.find((taken) => taken.owner === owner);
  if (known) return known.room;
  const isFree = rooms.length === ROOMS || rooms[0]?.owner === undefined;
  const before = isFree ? rooms.shift()?.room : undefined;
  const own = before?.kernels ?? instantiate(kernelsModule());
  const room = { ...roomIn(own, length, before), kernels: own };
  rooms.push({ owner, room });
  write(room);
  return room;
}

/** Gives up the room of an owner, if it has one. An owner that needs one later gets another. */
export function leaveRoom(owner: object): void {
  const at = rooms.findIndex((taken) => taken.owner === owner);
  if (at < 0) return;
  const [{ room }] = rooms.splice(at, 1);
  rooms.unshift({ owner: undefined, room });
}

/** Gives up all rooms, before a computation that needs none of their owners: so it needs few of its own. */
export function leaveRooms(): void {
  for (const taken of rooms) taken.owner = undefined;
}
