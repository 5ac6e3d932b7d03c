/** How long the API waits for what. Milliseconds; one table, so that tests scale all of it. */
export interface Timings {
  answer: number;
  answerReserve: number;
  read: number;
  cancelWait: number;
  orderWait: number;
  query: number;
  callback: number;
  ready: number;
  pollMin: number;
  pollMax: number;
  watchRetry: number;
  hintGap: number;
  heartbeat: number;
}

export function deriveTimings(scale = 1): Timings {
  const timings: Timings = {
    // A cashier's patience, and below the time-outs of tills and proxies.
    answer: 10_000,
    // Of it for the look afterwards: has the charge been started or not?
    answerReserve: 2_000,
    read: 5_000,
    // A cancelled session is read back within seconds; the till may ask for longer.
    cancelWait: 10_000,
    // What an order leads to is mostly known in a second; an operator reads again.
    orderWait: 3_000,
    // Workers replay a history for it; without workers nobody answers.
    query: 3_000,
    // Dintero gives up after 10 s (dossier 5.2).
    callback: 5_000,
    ready: 2_000,
    // Design 6: the states between are read every 0.5 to 2 s.
    pollMin: 500,
    pollMax: 2_000,
    watchRetry: 1_000,
    hintGap: 10_000,
    // Proxies drop a silent stream after 30 to 60 s.
    heartbeat: 15_000,
  };
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]: [string, number]) => [
      name,
      Math.max(1, Math.round(ms * scale)),
    ]),
  ) as unknown as Timings;
}
