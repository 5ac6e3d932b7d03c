import { behaviourOf } from './behaviour.ts';
import type { World } from './world.ts';

/** A moment as Dintero's clock has it. */
export function onDinterosClock(world: World, time: string): string {
  const { clock_skew_ms } = behaviourOf(world);
  return clock_skew_ms === 0 ? time : new Date(Date.parse(time) + clock_skew_ms).toISOString();
}

/** All times in a JSON text that are Dintero's own; `expires_at` is the client's. */
export function withDinterosTimes(world: World, text: string): string {
  if (behaviourOf(world).clock_skew_ms === 0) return text;
  return text.replaceAll(
    /"(?!expires_at)(\w+)":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"/g,
    (_all, name: string, time: string) => `"${name}":"${onDinterosClock(world, time)}"`,
  );
}
