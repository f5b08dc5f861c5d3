/** How a network predicts a normal distribution of each target: all means, then as many variances. */
export interface Moments {
  /** Whether it predicts logarithms of variances. */
  readonly log: boolean;
  /** Smaller variances count as this one, in the units that the network learns. */
  readonly least: number;
}
