/**
 * What `fit` prints while it trains. It does not affect the training; the host's clock only decides what is
 * shown.
 */

import type { Platform, Terminal } from "../../platform/platform.js";
import type { Logs } from "./callback.js";

/** Milliseconds before a bar is redrawn. */
const REDRAW = 100;
/**
 * Characters at the right that stay free: a terminal writes ^C there, which would otherwise break the line.
 */
const FREE = 3;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/** A bar of `width` characters, a share of which is filled. */
export function bar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, share) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** One line per epoch on the console and, on a terminal, a bar of the steps of the running epoch. */
export class Progress {
  private readonly terminal: Terminal | undefined;
  private began = 0;
  private drawn = 0;
  private shown = false;

  constructor(
    private readonly platform: Pick<Platform, "terminal" | "now">,
    verbose: 1 | 2,
    private readonly epochs: number,
    /** Undefined if unknown. */
    private readonly stepsPerEpoch: number | undefined,
  ) {
    this.terminal = verbose === 1 ? platform.terminal?.() : undefined;
  }

  /** An epoch starts. */
  begin(): void {
    this.began = this.drawn = this.platform.now();
  }

  /** So many steps of the epoch have run. */
  step(epoch: number, done: number, logs: Logs): void {
    const { terminal } = this;
    if (!terminal) return;
    const now = this.platform.now();
    if (now - this.drawn < REDRAW || done >= (this.stepsPerEpoch ?? Infinity)) return;
    this.drawn = now;
    this.shown = true;
    const room = terminal.columns - FREE;
    terminal.write(`\r${this.barLine(epoch, done, logs, room)}\x1b[K`);
  }

  /** The epoch has ended. */
  end(epoch: number, logs: Logs): void {
    this.clear();
    const seconds = `${((this.platform.now() - this.began) / 1000).toFixed(1)} s`;
    console.log([this.place(epoch), seconds, ...texts(logs)].join(" - "));
  }

  /** Removes the bar, if there is one. */
  clear(): void {
    if (this.shown) this.terminal?.write("\r\x1b[K");
    this.shown = false;
  }

  private place(epoch: number): string {
    return `Epoch ${epoch + 1}/${this.epochs}`;
  }

  /** In at most `width` characters: a narrow window loses the bar first. */
  private barLine(epoch: number, done: number, logs: Logs, width: number): string {
    const { stepsPerEpoch } = this;
    const parts = [`${done}/${stepsPerEpoch ?? "?"}`, ...texts(logs)];
    const rest = parts.join(" - ");
    const place = this.place(epoch);
    const room = Math.min(WIDEST_BAR, width - place.length - rest.length - 2);
    const shown = stepsPerEpoch !== undefined && room >= NARROWEST_BAR;
    const line = `${place} ${shown ? `${bar(done / stepsPerEpoch, room)} ` : ""}${rest}`;
    return line.slice(0, Math.max(0, width));
  }
}

/** `loss: 0.1234` */
function texts(logs: Logs): string[] {
  return Object.entries(logs).map(([name, value]) => {
    const size = Math.abs(value);
    return `${name}: ${size > 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(4) : value.toFixed(4)}`;
  });
}
