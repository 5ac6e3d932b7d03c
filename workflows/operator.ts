/** Who has sent an order. A name counts only where the api has put it: into the update's id, after it saw the token. */
import { currentUpdateInfo } from '@temporalio/workflow';

/** The id of an update that came through `/ops`: `ops/<name>/<action>/<uuid>`. null: it carries no name. */
export function operatorIn(updateId: string): string | null {
  const [, name] = /^ops\/([A-Za-z0-9_.-]{1,60})\/[a-z-]+\/[\w-]+$/.exec(updateId) ?? [];
  return name ?? null;
}

/** Inside the handler or validator of an update: who sent it through `/ops`, if it came that way. */
export function operator(): string | null {
  return operatorIn(currentUpdateInfo()?.id ?? '');
}
